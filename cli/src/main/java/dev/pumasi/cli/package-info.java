/** The pumasi command, one class per subcommand. */
@NullMarked
package dev.pumasi.cli;

import org.jspecify.annotations.NullMarked;
