package dev.pumasi.orders;

import java.util.List;

/** What somebody wants, checked. */
record Order(String customer, List<Line> lines) {

    static final int LINES_MAX = 20;
    static final int PORTIONS_MAX = 100;
    static final int CUSTOMER_CHARACTERS_MAX = 80;

    record Line(Menu.Dish dish, int portions) {

        int priceCents() {
            return portions * dish.priceCents();
        }
    }

    /** Cannot overflow, by the limits above. */
    int totalCents() {
        return lines.stream().mapToInt(Line::priceCents).sum();
    }
}
