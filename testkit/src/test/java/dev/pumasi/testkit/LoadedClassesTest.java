package dev.pumasi.testkit;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;

import java.lang.reflect.Method;
import java.util.zip.Adler32;
import org.junit.jupiter.api.Test;

final class LoadedClassesTest {

    private static boolean ran;

    /** Nobody uses it. */
    private static final class Unused {

        static {
            ran = true;
        }

        static long ofTheJdk() {
            return new Adler32().getValue();
        }
    }

    @Test
    void what_is_named_is_loaded_and_nothing_of_it_runs() throws Exception {
        LoadedClasses.loadAll();
        Method found = ClassLoader.class.getDeclaredMethod("findLoadedClass", String.class);
        found.setAccessible(true);
        for (String name : new String[] {
            "dev.pumasi.runtime.Loop",
            "dev.pumasi.testkit.LoadedClassesTest$Unused",
            // By this loader, too, although it is another's: so that nobody has to ask it again.
            "java.util.zip.Adler32"
        }) {
            assertNotNull(found.invoke(LoadedClasses.class.getClassLoader(), name), name);
        }
        assertFalse(ran, "code of a class has run");
        assertEquals(0, LoadedClasses.loadAll(), "the second time there is nothing left to do");
    }
}
