package dev.pumasi.runtime;

/** A process of its own: says for each signal whether it can be listened to, a line each. */
final class SignalProbe {

    private SignalProbe() {}

    public static void main(String[] signals) {
        for (String name : signals) {
            try {
                SignalListener.openOn(Runnable::run, UnixSignal.of(name), _ -> {})
                        .close();
                System.out.println(name + " free");
            } catch (SignalRefusedException refused) {
                System.out.println(name + " " + refused.refusal());
            }
        }
    }
}
