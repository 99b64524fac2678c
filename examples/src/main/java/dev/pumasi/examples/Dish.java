package dev.pumasi.examples;

import java.util.List;

/**
 * What is cooked, as the steps that it takes. Some need a cook's hands; while the others go on by themselves nobody has
 * to stand there.
 *
 * @param name as on the table
 * @param english the same for everybody else
 * @param mark how it looks on a cook's line
 * @param color of the terminal (ANSI, 256 colours)
 */
record Dish(String name, String english, char mark, int color, List<Step> steps) {

    /**
     * One step.
     *
     * @param hands whether it needs hands
     */
    record Step(String what, boolean hands, int minutes) {}

    /** Soup, rice and spam: the notes' dinner. */
    static final List<Dish> DINNER = List.of(
            new Dish(
                    "국",
                    "soup",
                    's',
                    178,
                    List.of(
                            hands("put the water on", 2),
                            waits("it comes to the boil", 9),
                            hands("soybean paste, tofu, leek", 3),
                            waits("it simmers", 6),
                            hands("ladle it out", 1))),
            new Dish(
                    "밥",
                    "rice",
                    'r',
                    255,
                    List.of(hands("wash it, fill the pot", 2), waits("it cooks", 15), hands("fluff it", 1))),
            new Dish(
                    "스팸",
                    "spam",
                    'm',
                    204,
                    List.of(
                            hands("open the tin, slice", 2),
                            waits("one side fries", 4),
                            hands("turn it over", 1),
                            waits("the other side fries", 3),
                            hands("arrange it", 1))));

    private static Step hands(String what, int minutes) {
        return new Step(what, true, minutes);
    }

    private static Step waits(String what, int minutes) {
        return new Step(what, false, minutes);
    }

    static int handMinutes() {
        return DINNER.stream()
                .flatMap(dish -> dish.steps.stream())
                .filter(Step::hands)
                .mapToInt(Step::minutes)
                .sum();
    }
}
