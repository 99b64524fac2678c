package dev.pumasi.web;

import dev.pumasi.http.Request;
import dev.pumasi.http.Response;
import dev.pumasi.runtime.AsyncFile;
import dev.pumasi.runtime.AsyncFolder;
import dev.pumasi.runtime.Failure;
import dev.pumasi.runtime.OperationException;
import dev.pumasi.runtime.driver.Listing;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/**
 * Files that come in pieces: PUT with Content-Range (RFC 9110 section 14.4), as {@code curl -C OFFSET -T FILE} sends it.
 *
 * <pre>
 *   PUT /big.iso   Content-Range: bytes 0-999/3000       202, Upload-Offset: 1000
 *   PUT /big.iso   Content-Range: bytes 1000-2999/3000   ... and the line breaks after 700 bytes
 *   PUT /big.iso   Content-Range: bytes *&#47;3000            202, Upload-Offset: 1700     (how far have we come?)
 *   PUT /big.iso   Content-Range: bytes 1700-2999/3000   201: all is there, and in its place
 * </pre>
 *
 * <p>Whoever sends a Content-Range from the first piece on says by that that what has come is worth keeping; a PUT without is thrown
 * away when it breaks. A piece begins where the last one ended (else 409, with Upload-Offset saying where that is), or at 0 to begin
 * again. What is there lies under {@code .NAME.part-TOTAL} and is not seen by anybody; it is deleted when nothing has been added for a day. An upload is known by
 * its path and length, so two clients must not send different files of one length to one path at once; while a piece comes, others get 409.
 *
 * <p>The draft of the IETF for resumable uploads is not spoken: it needs interim answers (104) and is still changing. The name of the
 * field that says how far an upload has come is its.
 */
final class ResumedUploads {

    private static final long KEPT_MILLIS = 24L * 60 * 60 * 1000;

    /** How often it is looked for what is too old. */
    private static final long SWEEP_MILLIS = 60_000;

    private static final String MARK = ".part-";

    private final Uploads uploads;
    private final boolean allowed;

    /** Those to which somebody is adding. */
    private final Set<Path> busy = ConcurrentHashMap.newKeySet();

    private volatile long sweptMillis;

    ResumedUploads(Uploads uploads, boolean allowed) {
        this.uploads = uploads;
        this.allowed = allowed;
    }

    /** @param last before first for a question how far it has come */
    record Piece(long first, long last, long total) {

        /** Null if it is none that could be sent. */
        static @org.jspecify.annotations.Nullable Piece parse(String value) {
            if (!value.startsWith("bytes ")) {
                return null;
            }
            int slash = value.indexOf('/');
            String range = slash < 0 ? "" : value.substring(6, slash).strip();
            long total = slash < 0 ? -1 : number(value.substring(slash + 1).strip());
            if (range.equals("*")) {
                return total <= 0 ? null : new Piece(0, -1, total);
            }
            int hyphen = range.indexOf('-');
            long first = hyphen < 0 ? -1 : number(range.substring(0, hyphen));
            long last = hyphen < 0 ? -1 : number(range.substring(hyphen + 1));
            return first < 0 || last < first || total <= last ? null : new Piece(first, last, total);
        }

        private static long number(String digits) {
            boolean right =
                    !digits.isEmpty() && digits.length() <= 18 && digits.chars().allMatch(c -> c >= '0' && c <= '9');
            return right ? Long.parseLong(digits) : -1;
        }

        boolean isQuestion() {
            return last < first;
        }

        long length() {
            return last - first + 1;
        }
    }

    Response piece(Request request, AsyncFolder folder, FilePath path) throws IOException {
        Piece piece =
                request.headers("Content-Range").size() == 1 ? Piece.parse(request.header("Content-Range", "")) : null;
        if (!allowed || piece == null) {
            return Uploads.answer(
                    400, allowed ? "no Content-Range: bytes FIRST-LAST/TOTAL" : "no pieces are taken here");
        }
        if (piece.isQuestion()
                ? request.contentLength() != 0
                : request.contentLength() >= 0 && request.contentLength() != piece.length()) {
            return Uploads.answer(400, "the Content-Range and the length of the body are not the same");
        }
        Path target = Uploads.target(path);
        UploadConditions conditions = new UploadConditions(request);
        if (!conditions.hold(Uploads.existing(folder, target), Uploads.nowMillis(request.loop()))) {
            return Uploads.answer(412, "Precondition Failed");
        }
        Path part = target.resolveSibling("." + target.getFileName() + MARK + piece.total());
        if (!busy.add(part)) {
            return Uploads.answer(409, "another piece of it is coming in").withHeader("Retry-After", "1");
        }
        try {
            sweep(request, folder, target);
            return piece.isQuestion() ? told(folder, part) : taken(request, folder, path, part, piece, conditions);
        } finally {
            busy.remove(part);
        }
    }

    private static Response told(AsyncFolder folder, Path part) throws IOException {
        try (AsyncFile file = folder.openBeneath(part, AsyncFile.Option.READ)) {
            return offset(202, "so much is there", file.size());
        } catch (OperationException none) {
            if (none.failure() == Failure.NOT_FOUND) {
                return offset(202, "nothing is there", 0);
            }
            throw none;
        }
    }

    private static Response offset(int status, String text, long bytes) {
        return Uploads.answer(status, text).withHeader("Upload-Offset", Long.toString(bytes));
    }

    private Response taken(
            Request request, AsyncFolder folder, FilePath path, Path part, Piece piece, UploadConditions conditions)
            throws IOException {
        if (!uploads.room().fits(folder, piece.total() - piece.first())) {
            uploads.countRefused();
            return Uploads.answer(507, "there is no room for this").withClose();
        }
        uploads.makeFolders(folder, path);
        try (AsyncFile file =
                folder.openBeneath(part, AsyncFile.Option.READ, AsyncFile.Option.WRITE, AsyncFile.Option.CREATE)) {
            long there = file.size();
            if (piece.first() == 0 && there > 0) {
                file.truncate(0);
                there = 0;
            }
            if (piece.first() != there) {
                return offset(409, "the next piece begins elsewhere", there);
            }
            long end = append(request, file, there, piece);
            if (end <= piece.last()) {
                return offset(400, "the piece is shorter than it says", end);
            }
            if (end < piece.total()) {
                return offset(202, "so much is there", end);
            }
            try (Draft whole = new Draft(folder, Uploads.target(path), file)) {
                return uploads.placed(request, folder, path, whole, conditions);
            }
        }
    }

    /** What comes before the line breaks stays. */
    private long append(Request request, AsyncFile file, long from, Piece piece) throws IOException {
        byte[] bytes = new byte[Uploads.PIECE_BYTES_MIN];
        long position = from;
        boolean complete = false;
        try {
            while (true) {
                int count = request.body().read(bytes, 0, bytes.length);
                if (count < 0) {
                    complete = true;
                    return position;
                }
                if (position + count > piece.last() + 1) {
                    throw new FormException(400, "the piece is longer than it says");
                }
                file.write(position, bytes, 0, count);
                position += count;
                bytes = Uploads.largerIfFull(bytes, count);
            }
        } finally {
            if (!complete) {
                uploads.countBroken();
            }
        }
    }

    /** Deletes what nobody has gone on with, in the folder of this upload. */
    private void sweep(Request request, AsyncFolder folder, Path target) throws IOException {
        long nowMillis = Uploads.nowMillis(request.loop());
        if (nowMillis - sweptMillis < SWEEP_MILLIS) {
            return;
        }
        sweptMillis = nowMillis;
        Path above = target.getParent();
        if (above == null) {
            sweep(folder, nowMillis);
        } else {
            try (AsyncFolder in = folder.openFolderBeneath(above)) {
                sweep(in, nowMillis);
            } catch (OperationException notThereYet) {
                if (notThereYet.failure() != Failure.NOT_FOUND) {
                    throw notThereYet;
                }
            }
        }
    }

    private void sweep(AsyncFolder in, long nowMillis) throws IOException {
        for (Listing.Entry entry : in.list()) {
            String name = String.valueOf(entry.name());
            if (!name.startsWith(".") || !name.contains(MARK)) {
                continue;
            }
            Path part = Path.of(name);
            boolean old;
            try (AsyncFile file = in.openBeneath(part, AsyncFile.Option.READ)) {
                old = nowMillis - file.status().modifiedNanos() / 1_000_000 > KEPT_MILLIS;
            }
            if (old) {
                Cleared.whatever(() -> in.deleteBeneath(part));
            }
        }
    }
}
