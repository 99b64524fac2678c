package dev.pumasi.queue.kafka;

/** What the queue's things are called in Kafka. */
final class Names {

    /** The longest name of a topic in Kafka. */
    static final int KAFKA_MAX = 249;

    /** What the engine keeps for itself; nobody's topic is called like that. */
    static final String OWN = "pumasi.ledger.";

    private Names() {}

    /** Groups are the topic's here, and the cluster's there. No name of a topic has a slash in it. */
    static String group(String topic, String group) {
        return topic + "/" + group;
    }

    /** The topic of a group's ledger. The length says where the first name ends, for both may have dots in them. */
    static String ledger(String topic, String group) {
        return OWN + topic.length() + "." + topic + "." + group;
    }
}
