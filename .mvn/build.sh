# Builds what somebody wants to run. Sourced by ./pumasi and by the examples' run (POSIX sh).
#
#   build_to_run HOME MODULES [WORD...]   packages modules (with commas in between) and what they stand on; WORDs are for Maven.
#                                         Each of them then has a file target/built as old as the beginning of the build.
#
# Such a build leaves out tests and the checks of the code (the profile `unchecked` in pom.xml): they take five sixths of the time, and who
# only wants to run it has no use for them. But Maven would take classes made so for up to date, and `./mvnw` would never check them. So its list
# of what it has compiled is taken away wherever something was: the next `./mvnw` compiles that anew, with all checks.

build_to_run() {
  build_home=$1
  build_modules=$2
  shift 2
  build_begun=$(mktemp)
  # Also when somebody ends it halfway.
  trap build_to_be_checked EXIT
  trap 'exit 1' HUP INT TERM
  build_status=0
  # Maven runs for seconds: what the optimising compiler would win it never gets back.
  MAVEN_OPTS="-XX:TieredStopAtLevel=1 ${MAVEN_OPTS-}" "$build_home/mvnw" -B -f "$build_home/pom.xml" -P unchecked \
    -pl "$build_modules" -am -Dmaven.test.skip=true "$@" package </dev/null || build_status=$?
  if [ "$build_status" -eq 0 ]; then
    for build_module in $(echo "$build_modules" | tr , ' '); do
      mkdir -p "$build_home/$build_module/target"
      touch -r "$build_begun" "$build_home/$build_module/target/built"
    done
  fi
  build_to_be_checked
  trap - EXIT HUP INT TERM
  return "$build_status"
}

build_to_be_checked() {
  for build_list in "$build_home"/*/target/maven-status "$build_home"/*/*/target/maven-status; do
    if [ -d "$build_list" ] && [ -n "$(find "${build_list%/*}/classes" -name '*.class' -newer "$build_begun" -print 2>/dev/null | head -n 1)" ]; then
      rm -f "$build_list/maven-compiler-plugin/compile/default-compile/inputFiles.lst"
    fi
  done
  rm -f "$build_begun"
}
