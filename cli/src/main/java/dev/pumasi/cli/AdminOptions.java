package dev.pumasi.cli;

import dev.pumasi.admin.Admin;
import dev.pumasi.admin.Token;
import dev.pumasi.runtime.Failure;
import dev.pumasi.runtime.OperationException;
import java.io.IOException;
import java.net.BindException;
import java.net.InetSocketAddress;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;

/** The options that belong to the live page: of {@code pumasi serve} and {@code pumasi queue serve}. */
final class AdminOptions {

    /** Holds the token, where a file is not wanted. */
    static final String TOKEN_VARIABLE = "PUMASI_ADMIN_TOKEN";

    private static final Pattern ADDRESS = Pattern.compile("(?:(\\[[^\\]]+]|[^:]+):)?(\\d{1,5})");

    @Option(
            names = "--admin",
            paramLabel = "[H:]P",
            description = {
                "Show what the server does on a live page at this port, with /metrics, /health and /ready;",
                "0 takes any free one. On localhost, unless a host is named: then reading needs the token too."
            })
    private @Nullable String admin;

    @Option(
            names = "--admin-token-file",
            paramLabel = "FILE",
            description = {
                "The file whose first line is the live page's token",
                "(default: the variable " + TOKEN_VARIABLE + ", else a fresh one that is printed)."
            })
    private @Nullable Path tokenFile;

    @Option(
            names = "--admin-name",
            paramLabel = "HOST",
            description = "A name by which browsers may ask for the live page, beside its address and localhost.")
    private List<String> names = List.of();

    /** The page's token, and whether somebody knows it already. */
    private record Chosen(Token token, boolean isFresh) {}

    /** The page, not yet open; empty if it was not asked for. */
    Optional<AdminPage> page(CommandLine command, String title) throws CannotRun {
        if (admin == null) {
            if (tokenFile != null || !names.isEmpty()) {
                throw new ParameterException(
                        command,
                        (tokenFile != null ? "--admin-token-file" : "--admin-name") + " means nothing without --admin");
            }
            return Optional.empty();
        }
        InetSocketAddress address = address(command, admin);
        Chosen chosen = token(command);
        Admin.Builder builder = Admin.builder().address(address).title(title).token(chosen.token);
        names.forEach(builder::name);
        return Optional.of(new AdminPage(builder, address, chosen.isFresh));
    }

    private static InetSocketAddress address(CommandLine command, String text) throws CannotRun {
        Matcher parts = ADDRESS.matcher(text);
        int port = parts.matches() ? Integer.parseInt(parts.group(2)) : -1;
        if (port < 0 || port > ServeCommand.PORT_MAX) {
            throw new ParameterException(
                    command, "--admin is '" + text + "', and must be a port, or host:port, as in 9090 or [::1]:9090");
        }
        String host = parts.group(1) == null ? "localhost" : parts.group(1).replaceAll("[\\[\\]]", "");
        InetSocketAddress address = new InetSocketAddress(host, port);
        if (address.isUnresolved()) {
            throw new CannotRun("no address is known for the host " + host + " of --admin; check its spelling.");
        }
        return address;
    }

    private Chosen token(CommandLine command) throws CannotRun {
        try {
            if (tokenFile != null) {
                return new Chosen(Token.read(tokenFile), false);
            }
            String variable = System.getenv(TOKEN_VARIABLE);
            return variable == null ? new Chosen(Token.fresh(), true) : new Chosen(new Token(variable), false);
        } catch (IOException refused) {
            throw new CannotRun("the token's file " + tokenFile + " cannot be read: " + refused.getMessage(), refused);
        } catch (IllegalArgumentException noToken) {
            throw new ParameterException(
                    command, (tokenFile != null ? tokenFile.toString() : TOKEN_VARIABLE) + ": " + noToken.getMessage());
        }
    }

    /** Where the page could not be opened. */
    static CannotRun cannotListen(InetSocketAddress address, IOException refused) {
        String where = "port " + address.getPort() + " of " + address.getHostString();
        boolean inUse = refused instanceof BindException
                || refused instanceof OperationException failed && failed.failure() == Failure.ADDRESS_IN_USE;
        return new CannotRun(
                inUse
                        ? where
                                + " is in use; choose another for the live page with --admin, or stop what listens there (ss -ltnp shows it)."
                        : "cannot listen on " + where + " for the live page: " + refused.getMessage(),
                refused);
    }
}
