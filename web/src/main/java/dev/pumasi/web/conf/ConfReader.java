package dev.pumasi.web.conf;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.CodingErrorAction;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Reads a configuration file, and the files that it includes, into {@link Directive}s.
 *
 * <p><b>It goes on after a mistake</b>, so that one run tells several: where a semicolon is missing, the name of a directive at the
 * beginning of a line begins a new one; a brace too many is passed over; a block that is not closed ends with its file.
 *
 * <p><b>It does not trust the file.</b> How deep blocks and includes go, how much is read, and how many directives there are is
 * limited, each by a constant below. A file that includes itself is told with the chain of includes.
 *
 * <p><b>Includes</b> are relative to the folder of the first file, as in nginx, and may have {@code *}, {@code ?} and {@code [abc]} in any of
 * their names; what matches is read in alphabetical order. A pattern may match nothing, a plain name may not.
 *
 * <p>Blocks; belongs to one thread.
 */
public final class ConfReader {

    /** How deep blocks may be nested. */
    public static final int BLOCKS_DEEP_MAX = 32;

    /** How deep files may include each other. */
    public static final int INCLUDES_DEEP_MAX = 16;

    /** How many files may be read in all. */
    public static final int FILES_MAX = 1_000;

    /** The largest file. */
    public static final int FILE_BYTES_MAX = 4 * 1024 * 1024;

    /** The most that all files may have together. */
    public static final int ALL_BYTES_MAX = 16 * 1024 * 1024;

    /** The most directives and table entries of all files. */
    public static final int DIRECTIVES_MAX = 200_000;

    /** The most words of one directive. */
    public static final int WORDS_MAX = 4_096;

    private final Path main;
    private final Map<String, String> environment;
    private final Grammar grammar;
    private final Problems problems;
    private final Map<String, String> builtIn;
    private final Deque<Path> including = new ArrayDeque<>();
    private int files;
    private long bytes;
    private int directives;
    private boolean gaveUp;

    private ConfReader(
            Path main,
            Map<String, String> environment,
            Grammar grammar,
            Map<String, String> builtIn,
            Problems problems) {
        this.main = main;
        this.environment = environment;
        this.grammar = grammar;
        this.builtIn = Map.copyOf(builtIn);
        this.problems = problems;
    }

    /**
     * Reads it. What is wrong is in {@code problems}; what could be read comes back all the same.
     *
     * @param environment for {@code ${env:NAME}}
     * @param builtIn names of files, and what is read instead if one is included and not there, which is told with a note
     */
    public static List<Directive> read(
            Path main,
            Map<String, String> environment,
            Grammar grammar,
            Map<String, String> builtIn,
            Problems problems) {
        ConfReader reader = new ConfReader(main, environment, grammar, builtIn, problems);
        return reader.file(main, new Position(main.toString(), 1, 1, 1), 0, "");
    }

    /** Reads a text instead of a file; it can include files relative to the folder of {@code name}. */
    public static List<Directive> readText(
            Path name, String text, Map<String, String> environment, Grammar grammar, Problems problems) {
        ConfReader reader = new ConfReader(name, environment, grammar, Map.of(), problems);
        reader.including.push(name.toAbsolutePath().normalize());
        return reader.parsed(name.toString(), text, 0, "");
    }

    // ------------------------------------------------------------------------------------------- files

    private List<Directive> file(Path path, Position from, int depth, String block) {
        Path known = path.toAbsolutePath().normalize();
        if (including.contains(known)) {
            List<String> chain = new ArrayList<>();
            including.descendingIterator().forEachRemaining(each -> chain.add(String.valueOf(each.getFileName())));
            problems.error(
                    from,
                    path + " includes itself",
                    "the chain is " + String.join(", ", chain) + ", " + known.getFileName());
            return List.of();
        }
        if (including.size() == INCLUDES_DEEP_MAX || files == FILES_MAX) {
            problems.error(
                    from,
                    including.size() == INCLUDES_DEEP_MAX
                            ? "includes go deeper than " + INCLUDES_DEEP_MAX + " files"
                            : "more than " + FILES_MAX + " files are included",
                    "is a pattern matching too much?");
            return List.of();
        }
        Optional<String> text = text(path, from);
        if (text.isEmpty()) {
            return List.of();
        }
        files++;
        including.push(known);
        try {
            return parsed(path.toString(), text.get(), depth, block);
        } finally {
            including.pop();
        }
    }

    private Optional<String> text(Path path, Position from) {
        try {
            if (Files.isDirectory(path)) {
                problems.error(from, path + " is a folder", "name a file, or " + path + "/*.conf for those in it");
                return Optional.empty();
            }
            long size = Files.size(path);
            bytes += size;
            if (size > FILE_BYTES_MAX || bytes > ALL_BYTES_MAX) {
                problems.error(
                        from,
                        size > FILE_BYTES_MAX
                                ? path + " has " + size + " bytes, and " + FILE_BYTES_MAX + " are the most"
                                : "the files have more than " + ALL_BYTES_MAX + " bytes together",
                        "is it a configuration file?");
                return Optional.empty();
            }
            byte[] read;
            try (var in = Files.newInputStream(path)) {
                read = in.readNBytes(FILE_BYTES_MAX + 1); // a device has no size
            }
            if (read.length > FILE_BYTES_MAX) {
                problems.error(from, path + " does not end within " + FILE_BYTES_MAX + " bytes", "name a file");
                return Optional.empty();
            }
            return Optional.of(StandardCharsets.UTF_8
                    .newDecoder()
                    .onMalformedInput(CodingErrorAction.REPLACE)
                    .onUnmappableCharacter(CodingErrorAction.REPLACE)
                    .decode(ByteBuffer.wrap(read))
                    .toString());
        } catch (NoSuchFileException absent) {
            String instead = builtIn.get(String.valueOf(path.getFileName()));
            if (!including.isEmpty() && instead != null) {
                problems.note(from, "there is no file " + path, "what is built in is used instead");
                return Optional.of(instead);
            } else {
                problems.error(
                        from,
                        "there is no file " + path,
                        including.isEmpty() ? "check its spelling" : "includes are relative to the folder of " + main);
            }
        } catch (IOException refused) {
            problems.error(from, path + " cannot be read: " + refused.getMessage(), "check its mode and its owner");
        }
        return Optional.empty();
    }

    private List<Directive> included(Directive include, int depth, String block) {
        if (include.arguments().size() != 1) {
            problems.error(include.at(), "include takes one file or pattern", "include conf.d/*.conf;");
            return List.of();
        }
        Word name = include.arguments().getFirst();
        Path folder = Optional.ofNullable(main.toAbsolutePath().getParent()).orElse(Path.of("/"));
        try {
            boolean pattern = name.text().matches(".*[*?\\[].*");
            if (!pattern) {
                Path relative = Path.of(name.text());
                Path parent = main.getParent();
                return file(parent == null ? relative : parent.resolve(relative), name.at(), depth, block);
            }
            List<Directive> all = new ArrayList<>();
            for (Path path : FilePattern.matches(folder, name.text(), FILES_MAX)) {
                all.addAll(file(path, name.at(), depth, block));
            }
            return all;
        } catch (IllegalArgumentException | IOException unnameable) {
            problems.error(name.at(), name.text() + " cannot be included: " + unnameable.getMessage(), "");
            return List.of();
        }
    }

    // ------------------------------------------------------------------------------------------- directives

    private List<Directive> parsed(String file, String text, int depth, String block) {
        problems.text(file, text);
        Lexer lexer = new Lexer(file, text, environment, problems);
        return block(lexer, depth, block, null);
    }

    /** Up to the brace that closes it, or to the end of the file. */
    private List<Directive> block(Lexer lexer, int depth, String name, @Nullable Position opened) {
        List<Directive> made = new ArrayList<>();
        List<Word> words = new ArrayList<>();
        while (true) {
            Token token = lexer.next();
            switch (token) {
                case Token.Text(Word word) -> {
                    if (hasSwallowedBrace(word)) {
                        words.add(withoutBrace(word));
                        finish(words, null, name, made, depth);
                        words.clear();
                        if (opened != null) {
                            return made;
                        }
                    } else if (words.size() < WORDS_MAX) {
                        words.add(word);
                    } else if (words.size() == WORDS_MAX) {
                        words.add(word);
                        problems.error(
                                words.getFirst().at(),
                                "a directive of more than " + WORDS_MAX + " words",
                                "is a ';' missing?");
                    }
                }
                case Token.Semicolon(Position at) -> {
                    if (words.isEmpty()) {
                        problems.error(at, "a ';' without a directive", "remove it");
                    }
                    finish(words, null, name, made, depth);
                    words.clear();
                }
                case Token.Open(Position at) -> {
                    if (depth >= BLOCKS_DEEP_MAX) {
                        giveUp(at, "blocks are nested deeper than " + BLOCKS_DEEP_MAX);
                        return made;
                    }
                    List<Word> heads = split(words, name, made, depth);
                    if (heads.isEmpty()) {
                        problems.error(at, "a block without a name", "put the name of a directive before the '{'");
                    }
                    String inner = heads.isEmpty() ? "" : heads.getFirst().text();
                    Position where = heads.isEmpty() ? at : heads.getFirst().at();
                    List<Directive> inside = block(lexer, depth + 1, inner, where);
                    finish(heads, inside, name, made, depth);
                    words.clear();
                }
                case Token.Close(Position at) -> {
                    unfinished(words, name, made, depth);
                    if (opened != null) {
                        return made;
                    }
                    problems.error(at, "a '}' that closes nothing", "every block before it is closed already");
                }
                case Token.End _ -> {
                    unfinished(words, name, made, depth);
                    if (opened != null && !gaveUp) {
                        problems.error(
                                opened,
                                "the block '" + name + "' is never closed",
                                "it is opened here, and the file ends without its '}'");
                        gaveUp = true; // the blocks around it are open for the same reason
                    }
                    return made;
                }
            }
            if (gaveUp) {
                return made;
            }
        }
    }

    /** A brace without a blank before it belongs to the word; nobody has meant that. */
    private boolean hasSwallowedBrace(Word word) {
        String text = word.text();
        return !word.quoted() && text.length() > 1 && text.endsWith("}") && text.indexOf('{') < 0;
    }

    private Word withoutBrace(Word word) {
        Position at = word.at();
        int length = at.length() - 1;
        problems.error(
                new Position(at.file(), at.line(), at.column() + length, 1),
                "a ';' is missing before '}'",
                "it would belong to the word '" + word.text() + "'");
        return new Word(
                word.text().substring(0, word.text().length() - 1),
                new Position(at.file(), at.line(), at.column(), length),
                false,
                word.firstOfLine());
    }

    private void giveUp(Position at, String why) {
        problems.error(at, why, "nothing behind it is read");
        gaveUp = true;
    }

    /** Words that are followed by a closing brace or the end. */
    private void unfinished(List<Word> words, String block, List<Directive> made, int depth) {
        if (words.isEmpty()) {
            return;
        }
        Word last = words.getLast();
        problems.error(
                behind(last),
                "a ';' is missing behind '" + last.text() + "'",
                "it ends the directive '" + words.getFirst().text() + "'");
        finish(words, null, block, made, depth);
        words.clear();
    }

    private static Position behind(Word word) {
        Position at = word.at();
        return new Position(at.file(), at.line(), at.column() + at.length(), 1);
    }

    /** Takes off whatever ends with a line instead of a semicolon; returns the words of the last directive. */
    private List<Word> split(List<Word> words, String block, List<Directive> made, int depth) {
        List<Word> rest = new ArrayList<>(words);
        if (grammar.isTable(block)) {
            return rest;
        }
        for (int i = 1; i < rest.size(); i++) {
            Word word = rest.get(i);
            if (word.firstOfLine() && !word.quoted() && grammar.isDirective(word.text())) {
                Word before = rest.get(i - 1);
                problems.error(
                        behind(before),
                        "a ';' is missing behind '" + before.text() + "'",
                        "'" + word.text() + "' in line " + word.at().line() + " begins another directive");
                add(new Directive(rest.getFirst(), rest.subList(1, i), null), block, made, depth);
                rest = new ArrayList<>(rest.subList(i, rest.size()));
                i = 0;
            }
        }
        return rest;
    }

    private void finish(
            List<Word> words, @Nullable List<Directive> inside, String block, List<Directive> made, int depth) {
        if (!words.isEmpty()) {
            List<Word> rest = inside == null ? split(words, block, made, depth) : words;
            add(new Directive(rest.getFirst(), rest.subList(1, rest.size()), inside), block, made, depth);
        }
    }

    private void add(Directive directive, String block, List<Directive> made, int depth) {
        if (++directives > DIRECTIVES_MAX) {
            if (!gaveUp) {
                giveUp(directive.at(), "there are more than " + DIRECTIVES_MAX + " directives");
            }
            return;
        }
        if (directive.name().text().equals("include") && directive.block() == null) {
            made.addAll(included(directive, depth, block));
        } else {
            made.add(directive);
        }
    }
}
