package dev.pumasi.web;

import dev.pumasi.web.conf.Grammar;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Collectors;

/**
 * Every directive that is known: where it may stand, how many words it takes, and what becomes of it. Nothing is passed over in
 * silence: what does nothing here is told with a note, what cannot be had is refused with what to do instead.
 *
 * <p>The facts about nginx are those of its documentation (nginx.org/en/docs/dirindex.html).
 */
final class Directives implements Grammar {

    /** What becomes of a directive. */
    enum Fate {
        /** It does what it says. */
        RUNS,
        /** It has no effect, and that is told. */
        NOTED,
        /** The file cannot be used with it. */
        REFUSED
    }

    /**
     * One directive in some contexts.
     *
     * @param least the fewest arguments
     * @param most the most
     * @param flag whether its argument is {@code on} or {@code off}
     * @param block whether a block belongs to it
     * @param saying what is told of it, unless it runs
     */
    record Rule(
            String name,
            Set<ConfContext> contexts,
            int least,
            int most,
            boolean flag,
            boolean block,
            Fate fate,
            String saying) {}

    static final Directives ALL = new Directives();

    private static final int ANY = Integer.MAX_VALUE;

    /** Name, contexts ({@link ConfContext#letter}), arguments; {@code {}} for a block, {@code flag} for on or off. */
    private static final String RUNNING = """
            events M 0{}
            http M 0{}
            worker_processes M 1
            worker_connections E 1
            server H 0{}
            location SL 1-2{}
            upstream H 1{}
            types HSL 0{}
            map H 2{}
            if SL 1+{}
            limit_except L 1+{}
            listen S 1+
            server_name S 1+
            root HSL 1
            alias L 1
            index HSL 1+
            try_files SL 2+
            autoindex HSL flag
            autoindex_exact_size HSL flag
            internal L 0
            return SLI 1-2
            rewrite SLI 2-3
            set SLI 2
            break SLI 0
            error_page HSL 2+
            client_max_body_size HSL 1
            default_type HSL 1
            charset HSL 1
            charset_types HSL 1+
            gzip HSL flag
            gzip_types HSL 1+
            gzip_min_length HSL 1
            gzip_comp_level HSL 1
            gzip_vary HSL flag
            gzip_proxied HSL 1+
            gzip_static HSL 1
            brotli_static HSL 1
            expires HSL 1-2
            add_header HSL 2-3
            auth_basic HSLX 1
            auth_basic_user_file HSLX 1
            allow HSLX 1
            deny HSLX 1
            satisfy HSL 1
            keepalive_timeout HSL 1-2
            keepalive_requests HSL 1
            client_header_timeout HS 1
            client_body_timeout HSL 1
            send_timeout HSL 1
            large_client_header_buffers HS 2
            merge_slashes HS flag
            proxy_pass L 1
            cgi_pass L 1+
            access_log HSL 1+
            log_format H 2+
            fastcgi_pass L 1
            fastcgi_param HSL 2-3
            fastcgi_index HSL 1
            fastcgi_split_path_info L 1
            fastcgi_hide_header HSL 1
            fastcgi_intercept_errors HSL flag
            fastcgi_keep_conn HSL flag
            fastcgi_connect_timeout HSL 1
            fastcgi_read_timeout HSL 1
            fastcgi_send_timeout HSL 1
            cgi_intercept_errors HSL flag
            cgi_read_timeout HSL 1
            cgi_time_limit HSL 1
            cgi_processes HSL 1
            dav_methods HSL 1+
            create_full_put_path HSL flag
            proxy_set_header HSL 2
            proxy_hide_header HSL 1
            proxy_connect_timeout HSL 1
            proxy_read_timeout HSL 1
            proxy_send_timeout HSL 1
            proxy_redirect HSL 1-2
            proxy_intercept_errors HSL flag
            proxy_next_upstream HSL 1+
            proxy_next_upstream_tries HSL 1
            server U 1+
            least_conn U 0
            ip_hash U 0
            hash U 1-2
            keepalive U 1
            keepalive_timeout U 1
            """;

    /** Names, then a colon and why they do nothing. A star stands for any end. */
    private static final String WITHOUT_EFFECT = """
            user: the process stays the user that it is started as; start it as that user
            pid: no such file is written; ./pumasi reload finds the server by itself
            daemon master_process: processes are chosen by --model
            error_log: messages go to standard error
            worker_rlimit_nofile worker_rlimit_core worker_priority worker_cpu_affinity worker_shutdown_timeout working_directory timer_resolution thread_pool pcre_jit debug_connection lock_file: set such things where the server is started
            env: the environment is there anyway, as ${env:NAME}
            use multi_accept accept_mutex accept_mutex_delay: --driver says how loops talk to the kernel
            sendfile sendfile_max_chunk tcp_nopush tcp_nodelay aio aio_write directio directio_alignment output_buffers postpone_output read_ahead: files and sockets go by the loop's driver, in the way that is best for it
            types_hash_max_size types_hash_bucket_size server_names_hash_max_size server_names_hash_bucket_size variables_hash_max_size variables_hash_bucket_size map_hash_max_size map_hash_bucket_size proxy_headers_hash_max_size proxy_headers_hash_bucket_size: tables have the size that they need
            open_file_cache open_file_cache_errors open_file_cache_min_uses open_file_cache_valid: files are kept for a second, see docs/static-files.md
            reset_timedout_connection lingering_close lingering_time lingering_timeout: connections are ended by fixed rules
            log_not_found log_subrequest rewrite_log uninitialized_variable_warn: there is no such log
            client_header_buffer_size connection_pool_size request_pool_size client_body_buffer_size client_body_temp_path client_body_in_single_buffer: buffers come from the loop's pool, and bodies are not kept on disk
            open_log_file_cache: each log is open anyway
            dav_access min_delete_depth: files get the rights that the process gives, and folders are never deleted
            server_tokens: no answer ever says a version
            ignore_invalid_headers underscores_in_headers: a field that is no token is refused, and one with an underscore is passed on
            absolute_redirect port_in_redirect server_name_in_redirect: redirects of our own name a path and no host
            ssl_* http2 http3 quic_*: there is no TLS here, so it does nothing; put a server that has it before this one
            resolver resolver_timeout: names are resolved as the system says
            gzip_buffers gzip_disable gzip_http_version: compression needs HTTP/1.1 and has its own buffers
            proxy_http_version: servers are asked in HTTP/1.1 with kept connections
            proxy_buffering proxy_request_buffering proxy_buffer_size proxy_buffers proxy_busy_buffers_size proxy_max_temp_file_size proxy_temp_file_write_size proxy_temp_path: bodies beyond 64 KiB go through as they come, both ends waiting for each other
            fastcgi_buffering fastcgi_request_buffering fastcgi_buffer_size fastcgi_buffers fastcgi_busy_buffers_size fastcgi_max_temp_file_size fastcgi_temp_file_write_size fastcgi_temp_path: answers go through as they come, both ends waiting for each other
            fastcgi_next_upstream fastcgi_next_upstream_tries fastcgi_next_upstream_timeout: another application is asked when one takes no connection, and never otherwise
            fastcgi_ignore_client_abort fastcgi_socket_keepalive fastcgi_catch_stderr: connections to applications are ended by fixed rules, and what they complain of is logged
            proxy_ignore_client_abort proxy_socket_keepalive proxy_headers_hash proxy_next_upstream_timeout: connections to servers are ended by fixed rules
            keepalive_requests keepalive_time zone: what loops know of a server they share; what processes know they do not
            autoindex_localtime autoindex_format: listings are pages of HTML with times in UTC
            msie_padding msie_refresh chunked_transfer_encoding: every client gets HTTP as it is written
            etag if_modified_since: entity tags and conditions are always those of RFC 9110
            """;

    /** Names, then a colon and what to do instead. */
    private static final String BEYOND = """
            fastcgi_cache* fastcgi_store* fastcgi_no_cache: answers are not kept
            fastcgi_*: there are fastcgi_pass, fastcgi_param, fastcgi_index, fastcgi_split_path_info, time limits and fastcgi_intercept_errors
            uwsgi_* scgi_* grpc_* memcached_*: HTTP and FastCGI servers can stand behind this one, with proxy_pass and fastcgi_pass
            stream mail: only HTTP is served
            load_module perl* js_* lua_* content_by_lua* access_by_lua* image_filter* xslt_* geoip_*: there are no modules to load; write a Handler
            limit_req* limit_conn* limit_rate* proxy_limit_rate: rates are not limited; leave it out only if nothing depends on it
            sub_filter* ssi* addition_* add_before_body add_after_body: bodies are not rewritten
            dav_ext_*: there are PUT and DELETE, see dav_methods
            mp4* flv hls* slice mirror* random_index: it does not exist here
            geo split_clients: use map
            auth_request* auth_jwt* auth_delay secure_link* valid_referers userid*: choose auth_basic, allow and deny, or a Handler
            set_real_ip_from real_ip_header real_ip_recursive: addresses are those of connections; rules that rely on others would be wrong
            proxy_cache* proxy_store* proxy_no_cache: answers are not kept
            proxy_ssl* proxy_bind proxy_cookie_* proxy_method proxy_set_body proxy_pass_header proxy_pass_request_body proxy_pass_request_headers proxy_ignore_headers proxy_force_ranges: requests are passed on whole, over plain TCP
            random sticky* queue ntlm state least_time: choose least_conn, ip_hash or hash
            stub_status api status: figures come from ./pumasi threads and trace
            disable_symlinks: links inside a root are followed and those that lead out of it are never, see docs/static-files.md
            recursive_error_pages types_hash satisfy_any post_action: it does not exist here
            """;

    private final Map<String, List<Rule>> byName = new TreeMap<>();
    private final List<Map.Entry<String, Rule>> byBeginning = new ArrayList<>();

    private Directives() {
        for (String line : RUNNING.lines().toList()) {
            String[] words = line.split(" ");
            add(running(words[0], words[1], words[2]));
        }
        others(WITHOUT_EFFECT, Fate.NOTED);
        others(BEYOND, Fate.REFUSED);
    }

    private static Rule running(String name, String letters, String arguments) {
        boolean block = arguments.endsWith("{}");
        String count = block ? arguments.substring(0, arguments.length() - 2) : arguments;
        boolean flag = count.equals("flag");
        int least = flag ? 1 : count.charAt(0) - '0';
        int most = flag ? 1 : count.endsWith("+") ? ANY : count.charAt(count.length() - 1) - '0';
        Set<ConfContext> contexts = EnumSet.noneOf(ConfContext.class);
        for (ConfContext context : ConfContext.values()) {
            if (letters.indexOf(context.letter()) >= 0) {
                contexts.add(context);
            }
        }
        return new Rule(name, contexts, least, most, flag, block, Fate.RUNS, "");
    }

    private void others(String table, Fate fate) {
        for (String line : table.lines().toList()) {
            int colon = line.indexOf(": ");
            for (String name : line.substring(0, colon).split(" ")) {
                Rule rule = new Rule(
                        name, EnumSet.allOf(ConfContext.class), 0, ANY, false, false, fate, line.substring(colon + 2));
                if (name.endsWith("*")) {
                    byBeginning.add(Map.entry(name.substring(0, name.length() - 1), rule));
                } else {
                    add(rule);
                }
            }
        }
    }

    private void add(Rule rule) {
        byName.computeIfAbsent(rule.name, _ -> new ArrayList<>(1)).add(rule);
    }

    /** What is known of it there, or elsewhere if it cannot stand there. */
    Optional<Rule> find(String name, ConfContext context) {
        List<Rule> rules = byName.getOrDefault(name, List.of());
        for (Rule rule : rules) {
            if (rule.contexts.contains(context)) {
                return Optional.of(rule);
            }
        }
        if (!rules.isEmpty()) {
            return Optional.of(rules.getFirst());
        }
        return byBeginning.stream()
                .filter(each -> name.startsWith(each.getKey()))
                .map(Map.Entry::getValue)
                .findFirst();
    }

    @Override
    public boolean isDirective(String name) {
        return find(name, ConfContext.MAIN).isPresent() || name.equals("include");
    }

    @Override
    public boolean isTable(String block) {
        return block.equals("types") || block.equals("map");
    }

    /** The names of those that run, for the documentation's test. */
    List<String> running() {
        return byName.values().stream()
                .flatMap(List::stream)
                .filter(rule -> rule.fate == Fate.RUNS)
                .map(Rule::name)
                .distinct()
                .toList();
    }

    /** Where it may stand, for people. */
    static String places(Rule rule) {
        return rule.contexts.stream().map(ConfContext::words).collect(Collectors.joining(", "));
    }

    /** The name that was likely meant, of those that may stand there; empty if none is near. */
    String nearest(String name, ConfContext context) {
        String best = "";
        int distance = Math.min(3, 1 + (name.length() + 2) / 3);
        for (Map.Entry<String, List<Rule>> entry : byName.entrySet()) {
            boolean here = entry.getValue().stream().anyMatch(rule -> rule.contexts.contains(context));
            int away = distance(name, entry.getKey(), distance);
            if (here && away < distance) {
                distance = away;
                best = entry.getKey();
            }
        }
        return best;
    }

    /** Insertions, deletions, exchanges, and swaps of neighbours (Damerau's distance); {@code most} if it is that or more. */
    static int distance(String one, String other, int most) {
        if (Math.abs(one.length() - other.length()) >= most || one.length() > 64) {
            return most;
        }
        int[][] rows = new int[one.length() + 1][other.length() + 1];
        for (int i = 0; i <= one.length(); i++) {
            for (int j = 0; j <= other.length(); j++) {
                if (i == 0 || j == 0) {
                    rows[i][j] = i + j;
                    continue;
                }
                int same = one.charAt(i - 1) == other.charAt(j - 1) ? 0 : 1;
                int least = Math.min(rows[i - 1][j - 1] + same, 1 + Math.min(rows[i - 1][j], rows[i][j - 1]));
                if (i > 1
                        && j > 1
                        && one.charAt(i - 1) == other.charAt(j - 2)
                        && one.charAt(i - 2) == other.charAt(j - 1)) {
                    least = Math.min(least, rows[i - 2][j - 2] + 1);
                }
                rows[i][j] = least;
            }
        }
        return Math.min(most, rows[one.length()][other.length()]);
    }
}
