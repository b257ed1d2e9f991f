import java.io.RandomAccessFile;
import java.nio.charset.StandardCharsets;

/** Turns one bit in the middle of a file of a ZIP archive, which stays as long. Arguments: the archive, the file's name. */
public final class Tamper {
    public static void main(String[] arguments) throws Exception {
        byte[] wanted = arguments[1].getBytes(StandardCharsets.UTF_8);
        try (RandomAccessFile archive = new RandomAccessFile(arguments[0], "rw")) {
            byte[] all = new byte[(int) archive.length()];
            archive.readFully(all);
            for (int at = 0; at + 30 < all.length; at++) {
                if (number(all, at, 4) != 0x04034b50L || !named(all, at, wanted)) {
                    continue;
                }
                int start = at + 30 + (int) number(all, at + 26, 2) + (int) number(all, at + 28, 2);
                int middle = start + (int) (number(all, at + 18, 4) / 2);
                archive.seek(middle);
                archive.write(all[middle] ^ 1);
                return;
            }
        }
        throw new IllegalArgumentException("no " + arguments[1] + " in " + arguments[0]);
    }

    private static boolean named(byte[] all, int header, byte[] wanted) {
        if (number(all, header + 26, 2) != wanted.length) {
            return false;
        }
        for (int i = 0; i < wanted.length; i++) {
            if (all[header + 30 + i] != wanted[i]) {
                return false;
            }
        }
        return true;
    }

    private static long number(byte[] all, int at, int bytes) {
        long value = 0;
        for (int i = bytes - 1; i >= 0; i--) {
            value = value << 8 | all[at + i] & 0xff;
        }
        return value;
    }
}
