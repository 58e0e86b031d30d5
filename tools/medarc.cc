#include <malloc.h>

// medarc: one binary, the server and the verbs of its operators.
#include "tools/transfer/push_verb.h"
#include "tools/verb.h"

namespace {

// Buffers of a few MiB come and go with every object. As a rule malloc gives each back to the
// system and takes zeroed pages anew: a fifth of the time of a C-STORE.
void keep_buffers() {
  mallopt(M_MMAP_THRESHOLD, 16 << 20);
  mallopt(M_TRIM_THRESHOLD, 16 << 20);
}

}  // namespace

int main(int argc, char** argv) {
  using namespace medarc::tools;
  keep_buffers();
  CLI::App app{"Medarc keeps medical images, genomes and patient records together."};
  app.name("medarc");
  app.set_version_flag("--version", MEDARC_VERSION);
  app.require_subcommand(1);
  int exit_code = kExitUsage;
  add_serve(app, exit_code);
  add_import(app, exit_code);
  add_export(app, exit_code);
  add_verify(app, exit_code);
  add_rebuild_index(app, exit_code);
  add_gc(app, exit_code);
  add_recompress(app, exit_code);
  add_stats(app, exit_code);
  add_audit(app, exit_code);
  add_echo(app, exit_code);
  add_find(app, exit_code);
  add_pull(app, exit_code);
  add_push(app, exit_code);
  add_send(app, exit_code);
  add_peer(app, exit_code);
  add_jobs(app, exit_code);
  add_senders(app, exit_code);
  add_consent(app, exit_code);
  add_keys(app, exit_code);
  add_decrypt(app, exit_code);
  add_config(app, exit_code);
  add_sample(app, exit_code);
  add_bench(app, exit_code);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& e) {
    const int code = app.exit(e);
    return code == 0 ? kExitDone : kExitUsage;
  }
  return exit_code;
}
