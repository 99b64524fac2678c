/** HTTP/1.1 on event loops: codec, connections, handlers, server. */
@NullMarked
package dev.pumasi.http;

import org.jspecify.annotations.NullMarked;
