# Finds a JDK that Pumasi can be built and run with. Sourced by ./mvnw and ./pumasi (POSIX sh).
#
#   find_jdk   sets JAVA_HOME to the first JDK of version JDK_MIN or later, and JDK_VERSION to its version, and
#              returns 0; otherwise leaves JAVA_HOME alone and returns 1.
#
# The order is: JAVA_HOME, the java of PATH, then the folders into which Linux distributions, macOS,
# SDKMAN, asdf, mise, Gradle, IDEs and hand-made installations put a JDK. Versions are read from each JDK's `release`
# file, because starting a JVM only to ask it costs more than everything else the launcher does.

JDK_MIN=25

# jdk_suits DIR: whether a JDK of version JDK_MIN or later lies in DIR. Sets JDK_VERSION.
jdk_suits() {
  [ -x "$1/bin/java" ] && [ -x "$1/bin/javac" ] && [ -r "$1/release" ] || return 1
  JDK_VERSION=
  while IFS= read -r jdk_line || [ -n "$jdk_line" ]; do
    case "$jdk_line" in
    JAVA_VERSION=*)
      JDK_VERSION=${jdk_line#*\"}
      JDK_VERSION=${JDK_VERSION%\"*}
      ;;
    esac
  done <"$1/release"
  jdk_major=${JDK_VERSION%%[!0-9]*}
  [ "${jdk_major:-0}" -ge "$JDK_MIN" ]
}

find_jdk() {
  if [ -n "${JAVA_HOME-}" ] && jdk_suits "$JAVA_HOME"; then
    export JAVA_HOME
    return 0
  fi
  jdk_on_path=$(command -v java 2>/dev/null) || jdk_on_path=
  if [ -n "$jdk_on_path" ]; then
    # `java` is a chain of links nearly everywhere; the release file lies next to the real one. macOS before 12.3 has no readlink -f.
    jdk_on_path=$(readlink -f "$jdk_on_path" 2>/dev/null) || jdk_on_path=
    jdk_on_path=${jdk_on_path%/bin/java}
    if [ -n "$jdk_on_path" ] && jdk_suits "$jdk_on_path"; then
      JAVA_HOME=$jdk_on_path
      export JAVA_HOME
      return 0
    fi
  fi
  for jdk_candidate in \
    /usr/lib/jvm/* /usr/lib64/jvm/* /usr/java/* /usr/local/java/* /opt/java/* /opt/jdk* /opt/*jdk* /usr/local/*jdk* \
    /Library/Java/JavaVirtualMachines/*/Contents/Home \
    "${HOME-}"/Library/Java/JavaVirtualMachines/*/Contents/Home \
    /opt/homebrew/opt/openjdk*/libexec/openjdk.jdk/Contents/Home \
    /usr/local/opt/openjdk*/libexec/openjdk.jdk/Contents/Home \
    /home/linuxbrew/.linuxbrew/opt/openjdk*/libexec \
    "${SDKMAN_CANDIDATES_DIR:-${HOME-}/.sdkman/candidates}"/java/* \
    "${HOME-}"/.jdks/* "${HOME-}"/.gradle/jdks/* \
    "${HOME-}"/.asdf/installs/java/* "${HOME-}"/.local/share/mise/installs/java/*; do
    if jdk_suits "$jdk_candidate"; then
      JAVA_HOME=$jdk_candidate
      export JAVA_HOME
      return 0
    fi
  done
  return 1
}

# One clear line: what is missing, how to get it, and how to point at one that lies elsewhere.
jdk_missing() {
  case "$(uname -s)" in
  Darwin) jdk_advice='brew install --cask temurin@25' ;;
  *) jdk_advice='apt install openjdk-25-jdk, dnf install java-25-openjdk-devel, or sdk install java 25-tem' ;;
  esac
  echo "pumasi: no JDK $JDK_MIN or later found; install one ($jdk_advice), or set JAVA_HOME to where yours is." >&2
}
