package dev.pumasi.web;

import dev.pumasi.http.Handler;
import dev.pumasi.http.Request;
import dev.pumasi.http.Response;
import dev.pumasi.runtime.AsyncFile;
import dev.pumasi.runtime.AsyncFolder;
import dev.pumasi.runtime.Failure;
import dev.pumasi.runtime.Loop;
import dev.pumasi.runtime.OperationException;
import dev.pumasi.runtime.driver.FileAttributes;
import dev.pumasi.runtime.sync.Mutex;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.NotDirectoryException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.atomic.LongAdder;
import org.jspecify.annotations.Nullable;

/**
 * Takes files: PUT and POST of a file as it is, POST of a form with files ({@link FormReader}), DELETE.
 *
 * <p><b>Nothing half-written is ever seen.</b> What comes goes into a {@link Draft} beside its place, is synced if that is wished, and renamed. A
 * client that leaves in the middle, a disk that is full, a server that stops: the draft is deleted, and what was in the place is still there.
 * (When the machine loses power a draft may stay; its name begins with a dot, and nobody is ever served or overwrites it.)
 *
 * <p><b>Names</b> are a stranger's. Those of paths are read as {@link FilePath} does, those in forms are cut behind the last slash or backslash;
 * none begins with a dot or has control characters, and every file is opened and renamed beneath the folder by the kernel's own rule.
 *
 * <p><b>Conditions</b> (RFC 9110 section 13): {@code If-Match} and {@code If-Unmodified-Since} so that nobody's changes are lost, {@code
 * If-None-Match: *} to make a file and never replace one. They are looked at before the body is taken, and once more in the moment of the
 * rename, which nobody else of this server can get in between.
 *
 * <p><b>Resumption</b>: a PUT with Content-Range says that it is a piece ({@link ResumedUploads} has the whole of it).
 *
 * <p><b>Room.</b> An announced length is compared with what the disk has, less what others have announced (507), before the body is taken; a disk that
 * fills up meanwhile is 507 as well. How large a body may be is the server's limit (413).
 *
 * <p><b>What it will not do</b>: unpack, look for viruses, or say who may; put a handler before it that asks.
 */
public final class Uploads implements Handler {

    /** What a client may do. */
    public enum Action {
        PUT,
        POST,
        DELETE
    }

    private static final System.Logger LOG = System.getLogger("dev.pumasi.web");

    /** Where an upload is fast, so much is written at once. */
    static final int PIECE_BYTES_MAX = 64 * 1024;

    /** Thousands may be slow at once, and each has its piece. */
    static final int PIECE_BYTES_MIN = 2 * 1024;

    /** Room on the disk is asked for again whenever so much has come. */
    private static final long ROOM_EVERY_BYTES = 64L * 1024 * 1024;

    /** With what a draft's name has besides, it must be a name itself. */
    private static final int NAME_BYTES_MAX = 230;

    private static final int FILES_IN_FORM_MAX = 100;

    /** Two uploads to one name wait for each other at the rename; to two names hardly ever. */
    private static final int LOCKS = 64;

    private final Path root;
    private final FilePath mount;
    private final Set<Action> actions;
    private final boolean syncs;
    private final boolean makesFolders;
    private final boolean replaces;
    private final FormLimits formLimits;
    private final DiskRoom room;
    private final ResumedUploads resumed;
    private final Mutex[] locks = new Mutex[LOCKS];
    private final LongAdder stored = new LongAdder();
    private final LongAdder broken = new LongAdder();
    private final LongAdder refused = new LongAdder();
    private final LongAdder deleted = new LongAdder();

    private Uploads(Builder of) {
        root = of.root.toAbsolutePath();
        mount = of.mount;
        actions = EnumSet.copyOf(of.actions);
        syncs = of.syncs;
        makesFolders = of.makesFolders;
        replaces = of.replaces;
        formLimits = of.formLimits;
        room = new DiskRoom(of.keptFreeBytes);
        resumed = new ResumedUploads(this, of.resumable);
        for (int i = 0; i < LOCKS; i++) {
            locks[i] = new Mutex("the place of an upload");
        }
    }

    /** Files go into this folder and those beneath. */
    public static Builder builder(Path folder) {
        return new Builder(folder);
    }

    /** Figures so far. Any thread. */
    public UploadStatus status() {
        return new UploadStatus(stored.sum(), broken.sum(), refused.sum(), deleted.sum());
    }

    @Override
    public Response handle(Request request) throws IOException {
        Optional<FilePath> below = FilePath.of(request.rawPath()).flatMap(path -> path.below(mount));
        return below.isEmpty() ? answer(404, "no file can have that path") : answer(request, below.get());
    }

    /** What becomes of a file at a path beneath the folder. */
    Response answer(Request request, FilePath path) throws IOException {
        Action action = Action.valueOf(actionOf(request.method()));
        if (!actions.contains(action) || !isKnown(request.method())) {
            return answer(405, "Method Not Allowed").withHeader("Allow", allowed());
        }
        try (AsyncFolder folder = request.loop().files().openFolder(root)) {
            return switch (action) {
                case DELETE -> delete(request, folder, path);
                case PUT -> put(request, folder, path);
                case POST -> post(request, folder, path);
            };
        } catch (FormException malformed) {
            broken.increment();
            return answer(malformed.status(), String.valueOf(malformed.getMessage()))
                    .withClose();
        } catch (OperationException failure) {
            return answered(failure);
        } catch (InvalidPathException unthinkable) {
            return answer(404, "no file can have that name");
        }
    }

    private static boolean isKnown(String method) {
        return method.equals("PUT") || method.equals("POST") || method.equals("DELETE");
    }

    private static String actionOf(String method) {
        return isKnown(method) ? method : "PUT";
    }

    private String allowed() {
        return String.join(", ", actions.stream().map(Enum::name).sorted().toList());
    }

    /** What a failure of the file system means to the client; others are the server's to report. */
    private Response answered(OperationException failure) throws OperationException {
        switch (failure.failure()) {
            case DISK_FULL, QUOTA_EXCEEDED, FILE_TOO_LARGE -> {
                refused.increment();
                LOG.log(System.Logger.Level.WARNING, Printable.of(String.valueOf(failure.getMessage())));
                return failure.failure() == Failure.FILE_TOO_LARGE
                        ? answer(413, "the file is too large").withClose()
                        : answer(507, "there is no room for this").withClose();
            }
            case NOT_FOUND, NOT_A_FOLDER -> {
                return answer(409, "there is no folder for it");
            }
            case NAME_TOO_LONG -> {
                return answer(400, "the name is too long");
            }
            case IS_A_FOLDER, ALREADY_EXISTS, FOLDER_NOT_EMPTY -> {
                return answer(409, "something else has that name");
            }
            case OUTSIDE, TOO_MANY_LINKS, PERMISSION_DENIED, READ_ONLY -> {
                return answer(403, "Forbidden");
            }
            case NOT_SUPPORTED -> {
                return answer(501, "this server's driver cannot do that");
            }
            case REJECTED, TOO_MANY_DESCRIPTORS -> {
                return answer(503, "too much to do").withHeader("Retry-After", "1");
            }
            default -> throw failure;
        }
    }

    static Response answer(int status, String text) {
        return Response.text(status + " " + text + "\n")
                .withStatus(status)
                .withHeader("X-Content-Type-Options", "nosniff");
    }

    // ------------------------------------------------------------------------------------------- one file as it is

    private Response put(Request request, AsyncFolder folder, FilePath path) throws IOException {
        if (path.isFolder()) {
            return answer(409, "a file's path does not end with a slash");
        }
        if (request.hasHeader("Content-Range")) {
            return resumed.piece(request, folder, path);
        }
        return one(request, folder, path);
    }

    private Response post(Request request, AsyncFolder folder, FilePath path) throws IOException {
        if (FormReader.isForm(request)) {
            return form(request, folder, path);
        }
        return one(
                request,
                folder,
                path.isFolder()
                        ? named(
                                path,
                                Long.toHexString(ThreadLocalRandom.current().nextLong()))
                        : path);
    }

    private static FilePath named(FilePath folder, String name) {
        List<String> names = new ArrayList<>(folder.names());
        names.add(name);
        return new FilePath(names, false);
    }

    private Response one(Request request, AsyncFolder folder, FilePath path) throws IOException {
        UploadConditions conditions = new UploadConditions(request);
        Path target = target(path);
        if (!conditions.hold(existing(folder, target), nowMillis(request.loop()))) {
            return answer(412, "Precondition Failed");
        }
        long length = request.contentLength();
        if (length > 0 && !room.fits(folder, length)) {
            refused.increment();
            return answer(507, "there is no room for this").withClose();
        }
        makeFolders(folder, path);
        try (Draft draft = new Draft(folder, target)) {
            take(request.body()::read, length, folder, draft);
            return placed(request, folder, path, draft, conditions);
        }
    }

    /** Whatever can be read, into the draft. */
    private void take(FormReader.Source source, long length, AsyncFolder folder, Draft draft) throws IOException {
        byte[] piece = new byte[PIECE_BYTES_MIN];
        long ahead = Math.max(0, length);
        room.announce(ahead);
        boolean complete = false;
        try {
            long nextLook = ROOM_EVERY_BYTES;
            for (int count = source.read(piece, 0, piece.length);
                    count >= 0;
                    count = source.read(piece, 0, piece.length)) {
                draft.write(piece, count);
                piece = largerIfFull(piece, count);
                long arrived = Math.min(ahead, count);
                room.arrived(arrived);
                ahead -= arrived;
                if (draft.length() >= nextLook) {
                    nextLook += ROOM_EVERY_BYTES;
                    if (!room.fits(folder, 0)) {
                        throw new OperationException("write to " + draft.target(), Failure.DISK_FULL);
                    }
                }
            }
            complete = true;
        } finally {
            room.arrived(ahead);
            if (!complete) {
                broken.increment();
            }
        }
    }

    /** For the next piece, where this one was full: more is there than it holds. */
    static byte[] largerIfFull(byte[] piece, int count) {
        return count == piece.length && count < PIECE_BYTES_MAX
                ? new byte[Math.min(PIECE_BYTES_MAX, 4 * count)]
                : piece;
    }

    /** Puts a complete file in its place, and says so. */
    Response placed(Request request, AsyncFolder folder, FilePath path, Draft draft, UploadConditions conditions)
            throws IOException {
        if (syncs) {
            draft.sync();
        }
        FileVersion version = draft.version();
        boolean isNew;
        Mutex lock = locks[Math.floorMod(draft.target().hashCode(), LOCKS)];
        lock.lock();
        try {
            FileAttributes there = existing(folder, draft.target());
            if (!conditions.hold(there, nowMillis(request.loop()))) {
                return answer(412, "Precondition Failed");
            }
            isNew = there == null;
            boolean mayReplace = replaces || request.method().equals("PUT");
            try {
                draft.place(mayReplace && !conditions.wantsNew());
            } catch (OperationException taken) {
                if (taken.failure() == Failure.ALREADY_EXISTS && conditions.wantsNew()) {
                    return answer(412, "Precondition Failed");
                }
                throw taken;
            }
        } finally {
            lock.unlock();
        }
        syncFolder(folder, draft.target());
        stored.increment();
        return (isNew ? answer(201, "Created") : Response.of(204))
                .withHeader("Location", location(path))
                .withHeader("ETag", version.entityTag(nowMillis(request.loop())));
    }

    private void syncFolder(AsyncFolder folder, Path target) throws IOException {
        if (!syncs) {
            return;
        }
        Path above = target.getParent();
        if (above == null) {
            folder.sync();
        } else {
            try (AsyncFolder in = folder.openFolderBeneath(above)) {
                in.sync();
            }
        }
    }

    String location(FilePath path) {
        List<String> names = new ArrayList<>(mount.names());
        names.addAll(path.names());
        String encoded = new FilePath(names, true).asFolder();
        return encoded.substring(0, encoded.length() - 1);
    }

    static Path target(FilePath path) throws OperationException {
        Path target = Path.of("");
        for (String name : path.names()) {
            target = target.resolve(name);
        }
        String last = path.names().isEmpty() ? "" : path.names().getLast();
        if (last.getBytes(StandardCharsets.UTF_8).length > NAME_BYTES_MAX) {
            throw new OperationException("make " + Printable.of(last), Failure.NAME_TOO_LONG);
        }
        return target;
    }

    /** What is at a path; null if nothing is. */
    static @Nullable FileAttributes existing(AsyncFolder folder, Path target) throws IOException {
        try (AsyncFile file = folder.openBeneath(target, AsyncFile.Option.READ)) {
            FileAttributes found = file.status();
            if (found.kind() != FileAttributes.Kind.FILE) {
                throw new OperationException("replace " + file.path(), Failure.IS_A_FOLDER);
            }
            return found;
        } catch (OperationException failure) {
            if (failure.failure() == Failure.NOT_FOUND) {
                return null;
            }
            throw failure;
        }
    }

    void makeFolders(AsyncFolder folder, FilePath path) throws IOException {
        if (!makesFolders) {
            return;
        }
        Path made = Path.of("");
        for (String name : path.names().subList(0, path.names().size() - 1)) {
            made = made.resolve(name);
            try {
                folder.makeFolderBeneath(made);
            } catch (OperationException there) {
                if (there.failure() != Failure.ALREADY_EXISTS) {
                    throw there;
                }
            }
        }
    }

    DiskRoom room() {
        return room;
    }

    void countBroken() {
        broken.increment();
    }

    void countRefused() {
        refused.increment();
    }

    static long nowMillis(Loop loop) {
        return loop.isCurrent() ? loop.wallMillis() : System.currentTimeMillis();
    }

    // ------------------------------------------------------------------------------------------- forms

    /** All files of a form are taken before the first is put in its place; its other fields are skipped. */
    private Response form(Request request, AsyncFolder folder, FilePath path) throws IOException {
        FilePath in = new FilePath(path.names(), true);
        long length = request.contentLength();
        if (length > 0 && !room.fits(folder, length)) {
            refused.increment();
            return answer(507, "there is no room for this").withClose();
        }
        UploadConditions none = new UploadConditions(request);
        FormReader form = FormReader.of(request, formLimits);
        List<Draft> drafts = new ArrayList<>();
        List<FilePath> paths = new ArrayList<>();
        try {
            for (FormReader.Part part = form.next(); part != null; part = form.next()) {
                String name = plainName(part.fileName().orElse(""));
                if (name.isEmpty()) {
                    continue; // no file, or a field for one that was left empty
                }
                if (drafts.size() == FILES_IN_FORM_MAX) {
                    throw new FormException(413, "more than " + FILES_IN_FORM_MAX + " files in a form");
                }
                FilePath file = FilePath.of("/" + new FilePath(List.of(name), false).asFolder())
                        .filter(known -> known.names().equals(List.of(name)))
                        .map(_ -> named(in, name))
                        .orElseThrow(() -> new FormException(400, "no name for a file: " + Printable.of(name)));
                makeFolders(folder, file);
                Draft draft = new Draft(folder, target(file));
                drafts.add(draft);
                paths.add(file);
                take(form::read, -1, folder, draft);
            }
            if (drafts.isEmpty()) {
                return answer(400, "a form without a file");
            }
            return placed(request, folder, drafts, paths, none);
        } finally {
            drafts.forEach(Draft::close);
        }
    }

    private Response placed(
            Request request, AsyncFolder folder, List<Draft> drafts, List<FilePath> paths, UploadConditions conditions)
            throws IOException {
        StringBuilder locations = new StringBuilder();
        Response last = answer(500, "");
        for (int i = 0; i < drafts.size(); i++) {
            last = placed(request, folder, paths.get(i), drafts.get(i), conditions);
            if (last.status() >= 400) {
                return last;
            }
            locations.append(location(paths.get(i))).append('\n');
        }
        Response answer =
                Response.text(locations.toString()).withStatus(201).withHeader("X-Content-Type-Options", "nosniff");
        return drafts.size() == 1 ? answer.withHeader("Location", location(paths.getFirst())) : answer;
    }

    /** What stands behind the last slash or backslash: some browsers have sent whole paths. Control characters make it none. */
    static String plainName(String fileName) throws FormException {
        String name = fileName.substring(Math.max(fileName.lastIndexOf('/'), fileName.lastIndexOf('\\')) + 1)
                .strip();
        if (name.chars().anyMatch(c -> c < 0x20 || c >= 0x7f && c < 0xa0)) {
            throw new FormException(400, "no name for a file: " + Printable.of(name));
        }
        return name;
    }

    // ------------------------------------------------------------------------------------------- deletion

    private Response delete(Request request, AsyncFolder folder, FilePath path) throws IOException {
        if (path.isFolder()) {
            return answer(409, "only files are deleted");
        }
        Path target = target(path);
        Mutex lock = locks[Math.floorMod(target.hashCode(), LOCKS)];
        lock.lock();
        try {
            FileAttributes there = existing(folder, target);
            if (there == null) {
                return answer(404, "Not Found");
            }
            if (!new UploadConditions(request).hold(there, nowMillis(request.loop()))) {
                return answer(412, "Precondition Failed");
            }
            folder.deleteBeneath(target);
        } catch (OperationException failure) {
            if (failure.failure() == Failure.NOT_FOUND || failure.failure() == Failure.NOT_A_FOLDER) {
                return answer(404, "Not Found");
            }
            throw failure;
        } finally {
            lock.unlock();
        }
        syncFolder(folder, target);
        deleted.increment();
        return Response.of(204);
    }

    @Override
    public String toString() {
        return "uploads to " + root;
    }

    // ------------------------------------------------------------------------------------------- how it is made

    /** Settings, each with a default. Not thread-safe. */
    public static final class Builder {

        private final Path root;
        private FilePath mount = new FilePath(List.of(), true);
        private Set<Action> actions = EnumSet.allOf(Action.class);
        private boolean syncs = true;
        private boolean makesFolders;
        private boolean replaces;
        private long keptFreeBytes = 64L * 1024 * 1024;
        private FormLimits formLimits = FormLimits.DEFAULTS;
        private boolean resumable = true;

        private Builder(Path root) {
            this.root = Objects.requireNonNull(root, "folder");
        }

        /** The folder stands for this path, below which its files are. Default: {@code /}. */
        public Builder under(String path) {
            mount = FilePath.of(path).orElseThrow(() -> new IllegalArgumentException("no path for files: " + path));
            return this;
        }

        /** What clients may do. Default: all. */
        public Builder allow(Action first, Action... more) {
            actions = EnumSet.of(first, more);
            return this;
        }

        /** Whether a file and its name are on the disk, and not only in the kernel, before that is said. Default: yes. */
        public Builder syncs(boolean sync) {
            syncs = sync;
            return this;
        }

        /** Whether folders that a path names are made. Default: no, and 409. */
        public Builder makesFolders(boolean make) {
            makesFolders = make;
            return this;
        }

        /** Whether POST may replace a file, as PUT does. Default: no, and 409. */
        public Builder replaces(boolean replace) {
            replaces = replace;
            return this;
        }

        /** So much is left free on the disk; else 507. Default: 64 MiB. */
        public Builder keepFree(long bytes) {
            if (bytes < 0) {
                throw new IllegalArgumentException(bytes + " bytes is negative");
            }
            keptFreeBytes = bytes;
            return this;
        }

        /** Default: {@link FormLimits#DEFAULTS}. */
        public Builder forms(FormLimits limits) {
            formLimits = Objects.requireNonNull(limits, "limits");
            return this;
        }

        /** Whether a file may come in pieces, by PUT with Content-Range. Default: yes. */
        public Builder resumable(boolean resume) {
            resumable = resume;
            return this;
        }

        /**
         * The handler. Blocks a moment.
         *
         * @throws IOException if there is no such folder, or it may not be entered
         */
        public Uploads build() throws IOException {
            if (!Files.isDirectory(root.toRealPath())) {
                throw new NotDirectoryException(root.toString());
            }
            return new Uploads(this);
        }
    }
}
