package dev.pumasi.cli;

import dev.pumasi.server.ApplicationChoice;
import dev.pumasi.server.ApplicationException;
import dev.pumasi.server.Setting;
import java.util.Objects;
import picocli.CommandLine;
import picocli.CommandLine.Help;
import picocli.CommandLine.Help.Column;
import picocli.CommandLine.Help.TextTable;
import picocli.CommandLine.IHelpSectionRenderer;
import picocli.CommandLine.Model.UsageMessageSpec;

/** Makes {@code pumasi serve --app NAME --help} tell what can be set for that application. */
final class ApplicationHelp {

    private static final int NAMES_WIDTH = 24;
    private static final int INDENT = 2;

    private ApplicationHelp() {}

    /** Before what stands below all options. */
    static void addTo(CommandLine serve) {
        IHelpSectionRenderer footer =
                Objects.requireNonNull(serve.getHelpSectionMap().get(UsageMessageSpec.SECTION_KEY_FOOTER));
        serve.getHelpSectionMap()
                .put(
                        UsageMessageSpec.SECTION_KEY_FOOTER,
                        help -> ((ServeCommand) serve.getCommand())
                                        .named()
                                        .map(choice -> text(choice, help))
                                        .orElse("")
                                + footer.render(help));
    }

    private static String text(ApplicationChoice choice, Help help) {
        ApplicationChoice.Known known;
        try {
            known = choice.look();
        } catch (ApplicationException absent) {
            return "%nSettings of %s are not known: %s%n".formatted(choice.name(), absent.getMessage());
        }
        String head = "%nThe application %s%s%n"
                .formatted(choice.name(), known.description().isEmpty() ? "." : ": " + known.description() + ".");
        if (known.settings().isEmpty()) {
            return head + "It tells of no settings.%n".formatted();
        }
        int width = help.commandSpec().usageMessage().width();
        TextTable table = TextTable.forColumns(
                help.colorScheme(),
                new Column(NAMES_WIDTH, INDENT, Column.Overflow.SPAN),
                new Column(width - NAMES_WIDTH, 1, Column.Overflow.WRAP));
        for (Setting setting : known.settings()) {
            table.addRowValues("--set " + setting.name() + "=", setting.meaning());
        }
        return head + table;
    }
}
