package dev.pumasi.queue;

import dev.pumasi.runtime.Loop;
import dev.pumasi.runtime.LoopGroup;
import dev.pumasi.runtime.Operation;
import dev.pumasi.testkit.Dice;
import dev.pumasi.testkit.Seed;
import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;

/**
 * The process that is killed: publishes, consumes, and says on its standard output what it was told, each thing after it was
 * told so. Everything happens on one loop, so the lines are in the order of what they say.
 */
final class KillChild {

    static final GroupSettings HOW = GroupSettings.DEFAULT
            .withDelay(Duration.ofMillis(1), Duration.ofMillis(20))
            .withDeliveriesMax(8);
    static final TopicSettings KEPT = TopicSettings.DEFAULT.withRetention(Retention.DEFAULT.withBytesMax(512 << 10));

    private static final int PUBLISHERS = 6;
    private static final int CONSUMERS = 6;

    private final FileOutputStream out = new FileOutputStream(FileDescriptor.out);
    private final Loop loop;
    private final String round;
    private final Seed seed;

    private KillChild(Loop loop, String round, Seed seed) {
        this.loop = loop;
        this.round = round;
        this.seed = seed;
    }

    /** A folder is the embedded engine's; anything else is a URL. */
    static String url(String folder) {
        return folder.contains(":") ? folder : "log:" + folder + "?segment=64k&message=4k";
    }

    /** {@code FOLDER ROUND SEED}; with the round {@code end} all is read to the end. */
    public static void main(String[] arguments) throws Exception {
        LoopGroup loops = LoopGroup.start("child", 1, "auto");
        Loop loop = loops.next();
        Seed seed = new Seed(Long.parseLong(arguments[2]));
        KillChild child = new KillChild(loop, arguments[1], seed);
        loop.spawn(() -> {
            try {
                child.run(arguments[0]);
            } catch (Throwable failure) {
                child.say("FAILED " + failure);
                failure.printStackTrace();
                Runtime.getRuntime().halt(3);
            }
        });
    }

    private void run(String folder) throws IOException {
        Queue queue = Queue.open(loop, url(folder));
        Topic topic = queue.topic("t", KEPT);
        if (topic.status().damaged() > 0) {
            throw new IOException("damaged: " + topic.status());
        }
        say("OPEN");
        boolean last = round.equals("end");
        for (int i = 0; i < CONSUMERS; i++) {
            Consumer consumer = topic.consumer(History.GROUP, HOW);
            Dice dice = seed.split("consumer").split(i).dice();
            loop.spawn(() -> {
                while (true) {
                    consume(consumer.take(), dice, last);
                }
            });
        }
        if (!last) {
            for (int i = 0; i < PUBLISHERS; i++) {
                String key = round + "-" + i;
                Dice dice = seed.split("publisher").split(i).dice();
                loop.spawn(() -> publish(topic.publisher(), key, dice));
            }
            return;
        }
        while (topic.status().groups().getFirst().settledBefore()
                < topic.status().nextSequence()) {
            loop.sleep(Duration.ofMillis(5)).await();
        }
        if (queue.topics().contains("t.dead")) {
            Topic dead = queue.topic("t.dead");
            Consumer undertaker = dead.consumer("undertaker");
            for (long i = dead.status().firstSequence(); i < dead.status().nextSequence(); i++) {
                Delivery delivery = undertaker.take();
                Message letter = delivery.message();
                say("X " + name(letter) + " " + letter.headers().get(Delivery.DEAD_POSITION));
                delivery.acknowledge(); // or the next one with its key would be held back
            }
        }
        say("END");
        Runtime.getRuntime().halt(0);
    }

    private void publish(Publisher publisher, String key, Dice dice) throws IOException {
        for (int n = 0; ; n++) {
            int bytes = (int) dice.between(20, dice.chance(0.1) ? 3000 : 400);
            History.Sent sent = new History.Sent(key, n, bytes);
            say("A " + key + " " + n + " " + bytes);
            Operation<Position> publishing = publisher.startPublish(History.message(sent));
            publishing.onDone(outcome -> {
                if (outcome instanceof Operation.Success<? extends Position>(Position position)) {
                    say("P " + sent + " " + position);
                }
            });
            if (dice.chance(0.5)) {
                publishing.await();
            } else {
                loop.sleep(Duration.ofMillis(1)).await();
            }
        }
    }

    private void consume(Delivery delivery, Dice dice, boolean last) throws IOException {
        String name = name(delivery.message());
        say("D " + name + " " + delivery.message().text().length() + " " + delivery.position() + " "
                + delivery.attempt());
        if (dice.chance(0.2)) {
            loop.sleep(Duration.ofMillis(dice.below(3))).await();
        }
        if (!last && dice.chance(0.05)) {
            say("S " + name);
            delivery.reject("by the dice");
        } else {
            say("W " + name);
            Operation<Position> settling = delivery.startAcknowledge();
            settling.onDone(outcome -> {
                if (outcome instanceof Operation.Success<?>) {
                    say("K " + name);
                }
            });
            if (dice.chance(0.1)) {
                settling.await();
            }
        }
    }

    /** Its name, if it is what was published. */
    private static String name(Message message) throws IOException {
        String name = message.text().split(" ", 2)[0];
        int colon = name.lastIndexOf(':');
        int bytes = message.text().length();
        History.Sent sent =
                new History.Sent(name.substring(0, colon), Integer.parseInt(name.substring(colon + 1)), bytes);
        if (!History.message(sent).text().equals(message.text()) || !sent.key.equals(message.key())) {
            throw new IOException("not what was published: " + message.text());
        }
        return name;
    }

    /** One system call for each line, so that none is lost that was said. */
    private void say(String line) {
        try {
            out.write((line + "\n").getBytes(StandardCharsets.UTF_8));
        } catch (IOException nobodyListens) {
            Runtime.getRuntime().halt(4);
        }
    }
}
