package dev.pumasi.http;

import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * The tests of this class run on each driver, and with a blocking thread for each connection; where the concurrency models are,
 * under each of them.
 */
@Target(ElementType.TYPE)
@Retention(RetentionPolicy.RUNTIME)
@Tag("each-server")
@ParameterizedClass(name = "{0}")
@MethodSource("dev.pumasi.http.ServersHere#all")
@interface OnEachServer {}
