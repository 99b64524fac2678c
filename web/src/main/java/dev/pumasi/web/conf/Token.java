package dev.pumasi.web.conf;

/** What a {@link Lexer} makes of a text. */
sealed interface Token {

    Position at();

    /** A word of a directive. */
    record Text(Word word) implements Token {

        @Override
        public Position at() {
            return word.at();
        }
    }

    /** {@code ;} */
    record Semicolon(Position at) implements Token {}

    /** An opening brace. */
    record Open(Position at) implements Token {}

    /** A closing brace. */
    record Close(Position at) implements Token {}

    /** The end of the file. */
    record End(Position at) implements Token {}
}
