# run_figure SUITE: runs a scenario suite and prints its figure lines last; fails as the suite does.
run_figure() {
  local log status=0
  log=$(mktemp)
  build/release/bin/scenario_test --gtest_filter="$1.*" 2>&1 | tee "$log" | grep -v '^figure' || true
  status=${PIPESTATUS[0]}
  grep '^figure' "$log" | sed 's/^figure //' || true
  rm -f "$log"
  return "$status"
}
