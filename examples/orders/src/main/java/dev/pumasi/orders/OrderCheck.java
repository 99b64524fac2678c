package dev.pumasi.orders;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.TreeMap;
import tools.jackson.databind.JsonNode;

/** Step B: makes an {@link Order} of what was sent, or says everything that is wrong with it. Used once. */
final class OrderCheck {

    private final Menu menu;
    private final List<Problem.Error> errors = new ArrayList<>();

    OrderCheck(Menu menu) {
        this.menu = menu;
    }

    List<Problem.Error> errors() {
        return errors;
    }

    /** Empty if there are {@link #errors}. */
    Optional<Order> check(JsonNode sent) {
        if (!sent.isObject()) {
            wrong("#", "must be an object with customer and lines");
            return Optional.empty();
        }
        sent.propertyNames().stream()
                .filter(name -> !name.equals("customer") && !name.equals("lines"))
                .forEach(name -> wrong("#/" + escaped(name), "is not known"));
        String customer = customer(sent.path("customer"));
        List<Order.Line> lines = lines(sent.path("lines"));
        return errors.isEmpty() ? Optional.of(new Order(customer, lines)) : Optional.empty();
    }

    private String customer(JsonNode node) {
        String name = node.isString() ? node.stringValue().strip() : "";
        if (name.isEmpty() || name.length() > Order.CUSTOMER_CHARACTERS_MAX || name.indexOf('\0') >= 0) {
            wrong("#/customer", "must be a name of 1 to " + Order.CUSTOMER_CHARACTERS_MAX + " characters");
        }
        return name;
    }

    /** In the order of their names, and each dish once: so that two orders cannot lock the same dishes crosswise. */
    private List<Order.Line> lines(JsonNode node) {
        TreeMap<String, Order.Line> lines = new TreeMap<>();
        if (!node.isArray() || node.isEmpty() || node.size() > Order.LINES_MAX) {
            wrong("#/lines", "must be a list of 1 to " + Order.LINES_MAX + " lines");
            return List.of();
        }
        for (int i = 0; i < node.size(); i++) {
            String here = "#/lines/" + i;
            JsonNode line = node.get(i);
            JsonNode dishName = line.path("dish");
            Optional<Menu.Dish> dish = dishName.isString() ? menu.dish(dishName.stringValue()) : Optional.empty();
            if (dish.isEmpty()) {
                wrong(here + "/dish", "must be on the menu");
            }
            JsonNode portions = line.path("portions");
            int count = portions.isInt() ? portions.intValue() : 0;
            if (count < 1 || count > Order.PORTIONS_MAX) {
                wrong(here + "/portions", "must be a whole number from 1 to " + Order.PORTIONS_MAX);
            }
            if (dish.isPresent() && lines.put(dish.get().name(), new Order.Line(dish.get(), count)) != null) {
                wrong(here + "/dish", "is in this order already");
            }
        }
        return List.copyOf(lines.values());
    }

    private void wrong(String pointer, String detail) {
        errors.add(new Problem.Error(pointer, detail));
    }

    /** RFC 6901, section 3; and control characters, for whoever prints it. */
    private static String escaped(String name) {
        return name.replace("~", "~0").replace("/", "~1").replaceAll("\\p{Cntrl}", "?");
    }
}
