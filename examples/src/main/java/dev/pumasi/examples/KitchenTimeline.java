package dev.pumasi.examples;

import java.io.PrintStream;
import java.util.List;
import java.util.Locale;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/** Draws an {@link Kitchen.Evening} in a terminal: a column for each minute, a line for each dish and for each cook. */
final class KitchenTimeline {

    private static final int LABEL_COLUMNS = 14;
    private static final int TICK_MINUTES = 10;
    private static final int GREY = 244;

    private final PrintStream out;
    private final boolean colored;
    private final int minuteMillis;

    KitchenTimeline(PrintStream out, boolean colored, int minuteMillis) {
        this.out = out;
        this.colored = colored;
        this.minuteMillis = minuteMillis;
    }

    void legend() {
        out.println();
        out.println("Dinner is 국 soup, 밥 rice and 스팸 spam; a minute takes " + minuteMillis + " ms.");
        out.println("  dishes   " + inColor(GREY, "█ needs hands    ░ goes on by itself"));
        out.println(
                "  cooks    " + inColor(GREY, "s r m: whose hands-on step    ░ stands and waits: blocked    · free"));
    }

    void draw(Kitchen.Evening evening) {
        int minutes = minutes(evening, evening.endedNanos());
        out.println();
        out.println(bold(evening.name()));
        axis(minutes);
        for (Dish dish : Dish.DINNER) {
            List<Kitchen.Done> steps = evening.of(dish);
            StringBuilder line = new StringBuilder();
            for (int minute = 0; minute < minutes; minute++) {
                Kitchen.Done step = at(evening, steps, minute, any -> true);
                line.append(step == null ? ' ' : step.step().hands() ? '█' : '░');
            }
            line(dish.name() + " " + dish.english(), inColor(dish.color(), line.toString()), "");
        }
        int working = 0;
        int standing = 0;
        for (String cook : evening.cooks()) {
            StringBuilder line = new StringBuilder();
            for (int minute = 0; minute < minutes; minute++) {
                Kitchen.Done hands = at(
                        evening,
                        evening.steps(),
                        minute,
                        done -> done.cook().equals(cook) && done.step().hands());
                boolean stands = evening.blocks()
                        && at(
                                        evening,
                                        evening.steps(),
                                        minute,
                                        done -> done.cook().equals(cook))
                                != null;
                working += hands != null ? 1 : 0;
                standing += hands == null && stands ? 1 : 0;
                line.append(
                        hands != null
                                ? inColor(
                                        hands.dish().color(),
                                        String.valueOf(hands.dish().mark()))
                                : inColor(GREY, stands ? "░" : "·"));
            }
            line(cook, line.toString(), "");
        }
        out.printf(
                Locale.ROOT,
                "%s%d minutes; %s: %d with busy hands, %d blocked%n",
                " ".repeat(LABEL_COLUMNS),
                minutes,
                evening.cooks().size() == 1 ? "one thread" : evening.cooks().size() + " threads",
                working,
                standing);
    }

    void moral() {
        out.println();
        out.println("The hands are busy for " + Dish.handMinutes()
                + " minutes each time. One cook who does not stand at the");
        out.println("pot is nearly as fast as three who do: that is what an event loop is. 품앗이!");
        out.println();
    }

    private void axis(int minutes) {
        StringBuilder axis = new StringBuilder();
        for (int minute = 0; minute < minutes; minute += TICK_MINUTES) {
            axis.append(String.format(Locale.ROOT, "%-" + TICK_MINUTES + "s", "|" + minute));
        }
        line("minute", inColor(GREY, axis.toString().stripTrailing()), "");
    }

    private void line(String label, String drawn, String remark) {
        out.println("  " + label + " ".repeat(Math.max(1, LABEL_COLUMNS - 2 - columns(label))) + drawn + remark);
    }

    /** What was going on in the middle of that minute. */
    private Kitchen.@Nullable Done at(
            Kitchen.Evening evening, List<Kitchen.Done> steps, int minute, Predicate<Kitchen.Done> which) {
        long nanos = evening.beganNanos() + (2L * minute + 1) * minuteMillis * 500_000;
        return steps.stream()
                .filter(done -> done.beganNanos() <= nanos && nanos < done.endedNanos())
                .filter(which)
                .findFirst()
                .orElse(null);
    }

    private int minutes(Kitchen.Evening evening, long nanos) {
        return Math.toIntExact(Math.round((nanos - evening.beganNanos()) / (minuteMillis * 1e6)));
    }

    /** How wide a terminal writes it: a Hangul syllable takes two columns. */
    static int columns(String text) {
        return text.chars()
                .map(letter -> Character.UnicodeScript.of(letter) == Character.UnicodeScript.HANGUL ? 2 : 1)
                .sum();
    }

    private String inColor(int color, String text) {
        return colored ? "\033[38;5;" + color + "m" + text + "\033[0m" : text;
    }

    private String bold(String text) {
        return colored ? "\033[1m" + text + "\033[0m" : text;
    }
}
