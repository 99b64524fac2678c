package dev.pumasi.runtime.driver;

import java.lang.reflect.Field;

/**
 * A process of its own that believes to run on another processor ({@code -Dos.arch}): says which numbers {@link
 * SystemCall} has there, a line each.
 */
final class SystemCallProbe {

    private SystemCallProbe() {}

    public static void main(String[] arguments) throws IllegalAccessException {
        System.out.println("supported " + SystemCall.isSupported());
        System.out.println("packed " + SystemCall.isEpollEventPacked());
        for (Field field : SystemCall.class.getDeclaredFields()) {
            if (field.getType() == long.class) {
                System.out.println(field.getName() + " " + field.getLong(null));
            }
        }
    }
}
