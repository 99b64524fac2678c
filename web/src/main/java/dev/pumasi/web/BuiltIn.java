package dev.pumasi.web;

import java.util.Map;

/**
 * Files that stand beside nginx's own in its packages, and that its users include without having written them: what is read where they are
 * not there. They say what those say, so a file that is taken to another machine still means the same.
 */
final class BuiltIn {

    private static final String PARAMETERS = """
            fastcgi_param QUERY_STRING $query_string;
            fastcgi_param REQUEST_METHOD $request_method;
            fastcgi_param CONTENT_TYPE $content_type;
            fastcgi_param CONTENT_LENGTH $content_length;
            fastcgi_param SCRIPT_NAME $fastcgi_script_name;
            fastcgi_param REQUEST_URI $request_uri;
            fastcgi_param DOCUMENT_URI $document_uri;
            fastcgi_param DOCUMENT_ROOT $document_root;
            fastcgi_param SERVER_PROTOCOL $server_protocol;
            fastcgi_param REQUEST_SCHEME $scheme;
            fastcgi_param HTTPS $https if_not_empty;
            fastcgi_param GATEWAY_INTERFACE CGI/1.1;
            fastcgi_param SERVER_SOFTWARE nginx/$nginx_version;
            fastcgi_param REMOTE_ADDR $remote_addr;
            fastcgi_param REMOTE_PORT $remote_port;
            fastcgi_param REMOTE_USER $remote_user;
            fastcgi_param SERVER_ADDR $server_addr;
            fastcgi_param SERVER_PORT $server_port;
            fastcgi_param SERVER_NAME $server_name;
            fastcgi_param REDIRECT_STATUS 200;
            """;

    private static final String SCRIPT = "fastcgi_param SCRIPT_FILENAME $document_root$fastcgi_script_name;\n";

    /** By the name of the file, in whatever folder. That of the media types is empty: without any, there is a table. */
    static final Map<String, String> FILES = Map.of(
            "mime.types",
            "",
            "fastcgi_params",
            PARAMETERS,
            "fastcgi.conf",
            SCRIPT + PARAMETERS,
            "fastcgi-php.conf",
            """
            fastcgi_split_path_info ^(.+?\\.php)(/.*)$;
            try_files $fastcgi_script_name =404;
            set $path_info $fastcgi_path_info;
            fastcgi_param PATH_INFO $path_info;
            fastcgi_index index.php;
            """ + SCRIPT + PARAMETERS,
            "proxy_params",
            """
            proxy_set_header Host $http_host;
            proxy_set_header X-Real-IP $remote_addr;
            proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;
            proxy_set_header X-Forwarded-Proto $scheme;
            """);

    private BuiltIn() {}
}
