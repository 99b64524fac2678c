package dev.pumasi.web.conf;

/** What a {@link ConfReader} must know of directives to say what was likely meant. */
public interface Grammar {

    /** Whether there is a directive of that name, anywhere. */
    boolean isDirective(String name);

    /** Whether what stands in the block of that directive are entries of a table, and no directives. */
    boolean isTable(String block);
}
