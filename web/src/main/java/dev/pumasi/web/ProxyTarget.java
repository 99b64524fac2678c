package dev.pumasi.web;

/** The server that {@code proxy_pass} names, as variables see it. */
record ProxyTarget(String host, String port) {

    static final ProxyTarget NONE = new ProxyTarget("", "");
}
