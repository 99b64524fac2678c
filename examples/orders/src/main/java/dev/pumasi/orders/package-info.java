/** An order service: {@link dev.pumasi.orders.OrdersApplication}. */
@NullMarked
package dev.pumasi.orders;

import org.jspecify.annotations.NullMarked;
