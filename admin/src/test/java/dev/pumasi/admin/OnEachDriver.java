package dev.pumasi.admin;

import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.MethodSource;

/** The tests of this class run on each driver: {@code -Dpumasi.drivers.absent=io_uring,…} leaves out what a machine lacks. */
@Target(ElementType.TYPE)
@Retention(RetentionPolicy.RUNTIME)
@ParameterizedClass(name = "{0}")
@MethodSource("dev.pumasi.admin.DriversHere#names")
@interface OnEachDriver {}
