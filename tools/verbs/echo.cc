// medarc echo: whether a peer answers (C-ECHO).
#include <chrono>

#include "dicom/dimse/user.h"
#include "dicom/dimse_status.h"
#include "dicom/sop_class.h"
#include "dicom/transfer_syntax.h"
#include "tools/peer.h"

namespace medarc::tools {
namespace {

Result<int> run(const PeerOptions& options) {
  MEDARC_ASSIGN(Config config, options.common.config());
  MEDARC_ASSIGN(const Settings settings, Settings::from(config));
  MEDARC_ASSIGN(auto peer, PeerCall::open(options, settings));
  const auto began = std::chrono::steady_clock::now();
  MEDARC_TRY(peer->call(
      {{std::string(dicom::kVerificationSopClass), std::string(dicom::kImplicitLittle)}}));
  MEDARC_ASSIGN(const uint16_t status, dicom::dimse::echo(peer->association(), peer->limits()));
  const std::chrono::duration<double> took = std::chrono::steady_clock::now() - began;
  peer->release();
  print_result(
      options.common,
      {{"peer", peer->called()}, {"status", status_text(status, "")}, {"seconds", took.count()}});
  return status == dicom::kSuccess ? kExitDone : kExitFound;
}

}  // namespace

void add_echo(CLI::App& app, int& exit_code) {
  auto options = std::make_shared<PeerOptions>();
  CLI::App* verb = app.add_subcommand("echo", "Ask a DICOM peer whether it answers (C-ECHO)");
  options->add_to(*verb);
  verb->callback([options, &exit_code] {
    const Result<int> code = run(*options);
    exit_code = code.has_error() ? fail(code.error()) : *code;
  });
}

}  // namespace medarc::tools
