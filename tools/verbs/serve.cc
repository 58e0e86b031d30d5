// medarc serve: the doors, from the ready line to the last drained request.
#include <fmt/format.h>
#include <sys/resource.h>

#include <csignal>
#include <cstdio>
#include <map>
#include <memory>

#include "base/fs.h"
#include "base/log.h"
#include "tools/address.h"
#include "tools/libraries.h"
#include "tools/opened.h"
#include "tools/outgoing.h"
#include "tools/routes.h"
#include "tools/running_server.h"

namespace medarc::tools {
namespace {

struct ServeOptions {
  Common common;
  std::string http, dicom, aet, log_level = "info";
  int http_port = -1, dicom_port = -1;
};

// Command line over file: the same keys, so that `medarc config` explains both.
Status apply(const ServeOptions& options, Config& config) {
  if (!options.http.empty()) MEDARC_TRY(config.set("server.http=" + options.http));
  if (options.http_port >= 0) {
    MEDARC_TRY(config.set(fmt::format("server.http=127.0.0.1:{}", options.http_port)));
  }
  if (!options.dicom.empty()) MEDARC_TRY(config.set("server.dicom=" + options.dicom));
  if (options.dicom_port >= 0) {
    MEDARC_TRY(config.set(fmt::format("server.dicom=127.0.0.1:{}", options.dicom_port)));
  }
  if (!options.aet.empty()) MEDARC_TRY(config.set("dicom.aet=" + options.aet));
  return {};
}

// Nobody outside this machine may reach an archive that asks for no credentials.
Status check_http_reach(const Settings& s) {
  if (!is_loopback(s.http.address) && !s.authenticator->tokens_configured()) {
    return make_error(Code::invalid_argument,
                      "the HTTP address is not loopback and no [[security.token]] and no "
                      "[[security.issuer]] is configured: "
                      "anybody could read the archive. Configure tokens or use 127.0.0.1");
  }
  return {};
}

// Peers may also have been added by administrators: known once the archive is open.
Status check_dicom_reach(const Settings& s) {
  const bool dicom_reachable =
      !is_loopback(s.dicom.address) || (s.dicom.tls && !is_loopback(s.dicom.tls_address));
  if (dicom_reachable && !s.authenticator->peers_configured()) {
    return make_error(Code::invalid_argument,
                      "the DICOM address is not loopback and no [[dicom.peer]] is configured: "
                      "anybody could send to the archive. Configure peers or use 127.0.0.1");
  }
  return {};
}

// Each connection is a descriptor; the soft limit of a login shell (1,024) is far below our own.
void raise_descriptor_limit() {
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_cur < limit.rlim_max) {
    limit.rlim_cur = limit.rlim_max;
    setrlimit(RLIMIT_NOFILE, &limit);
  }
}

// Until SIGTERM or SIGINT (true), or until the store takes no more writes (false).
bool wait_for_end(const sigset_t& signals, archive::BlobStore& blobs) {
  while (true) {
    const timespec period{.tv_sec = 0, .tv_nsec = 200'000'000};
    if (sigtimedwait(&signals, nullptr, &period) > 0) return true;
    if (!blobs.writable()) return false;
  }
}

Result<bool> serve(const ServeOptions& options, const sigset_t& signals) {
  MEDARC_ASSIGN(Config config, options.common.config());
  MEDARC_TRY(apply(options, config));
  MEDARC_ASSIGN(Settings settings, Settings::from(config));
  MEDARC_TRY(check_http_reach(settings));
  MEDARC_ASSIGN(const bool there, posix_fs().exists(options.common.data + "/log"));
  if (!there) MEDARC_TRY(check_dicom_reach(settings));
  for (const Library& library : linked_libraries()) {
    log(Level::info, "library", {{"name", library.name}, {"version", library.version}});
  }
  MEDARC_ASSIGN(auto opened, open_archive(options.common.data, std::move(settings), true));
  const Settings& s = opened->settings;
  MEDARC_TRY(open_administration(*opened));
  MEDARC_TRY(check_dicom_reach(s));
  if (!s.authenticator->tokens_configured()) {
    log(Level::warn, "server.loopback_only",
        {{"reason", "no credentials configured: reachable from this machine only"}});
  }
  MEDARC_ASSIGN(opened->uploads,
                genomics::ResumableUploads::open(posix_fs(), options.common.data + "/uploads",
                                                 *opened->genomes, s.uploads));
  // Storing and giving back as stored goes on without them.
  if (const Status warm = opened->codecs->warm_up(); warm.has_error()) {
    log(Level::error, "codec.unavailable", {{"reason", warm.error().text}});
  }
  MEDARC_TRY(open_outgoing(*opened));
  MEDARC_ASSIGN(Doors doors, make_doors(*opened));
  MEDARC_ASSIGN(auto http, web::Server::start(s.http, std::move(doors.routes), *s.authenticator));
  MEDARC_ASSIGN(auto dicom,
                dicom::Server::start(s.dicom, s.dicom_limits, *opened->imaging, *s.authenticator));
  opened->outgoing->jobs->start();
  opened->outgoing->attributes->start();
  opened->outgoing->stable_studies->start();
  opened->outgoing->worklist->start();
  opened->outgoing->senders->start();
  const ServingMark mark(options.common.data, {s.http.address, http->port()});
  opened->outgoing->recompression->start();
  opened->outgoing->cold->start();
  opened->outgoing->sorting->start();
  fmt::print("medarc ready http={} dicom={} data={}\n", to_text({s.http.address, http->port()}),
             to_text({s.dicom.address, dicom->port()}), options.common.data);
  if (s.dicom.tls) {
    log(Level::info, "server.dicom_tls",
        {{"address", to_text({s.dicom.tls_address, dicom->tls_port()})}});
  }
  std::fflush(stdout);

  const bool asked = wait_for_end(signals, opened->index->blobs());
  log(asked ? Level::info : Level::error, "server.stopping",
      {{"reason", asked ? "signal" : "the store takes no more writes"}});
  opened->outgoing->recompression->stop();
  opened->outgoing->cold->stop();
  const auto drain_ms = static_cast<uint32_t>(asked ? s.drain_ms : 0);
  opened->outgoing->worklist->stop();  // tells event channels, which have no end of their own
  dicom->stop(drain_ms);
  opened->administration->stop();
  opened->outgoing->sorting->stop();
  opened->outgoing->jobs->stop();
  opened->outgoing->attributes->stop();
  opened->outgoing->stable_studies->stop();
  http->stop(drain_ms);
  opened->outgoing->senders->stop();
  if (asked) MEDARC_TRY(opened->index->flush());
  return asked;
}

int run(const ServeOptions& options) {
  static const std::map<std::string, Level> kLevels = {{"debug", Level::debug},
                                                       {"info", Level::info},
                                                       {"warn", Level::warn},
                                                       {"error", Level::error}};
  set_log_level(kLevels.at(options.log_level));
  raise_descriptor_limit();
  // Blocked before any thread starts, so that only wait_for_end sees them.
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGTERM);
  sigaddset(&signals, SIGINT);
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  std::signal(SIGPIPE, SIG_IGN);
  const Result<bool> ended = serve(options, signals);
  if (ended.has_error()) return fail(ended.error());
  if (!*ended) {
    return fail(make_error(Code::io,
                           "stopped: the disk refused a write, so nothing more can be promised. "
                           "Check the disk, then start again; what was acknowledged is kept"));
  }
  return kExitDone;
}

}  // namespace

void add_serve(CLI::App& app, int& exit_code) {
  auto options = std::make_shared<ServeOptions>();
  CLI::App* verb = app.add_subcommand("serve", "Run the server until SIGTERM");
  options->common.add_to(*verb);
  verb->add_option("--http", options->http, "ADDR:PORT of the HTTP door (127.0.0.1:8042)");
  verb->add_option("--dicom", options->dicom, "ADDR:PORT of the DICOM door (127.0.0.1:4242)");
  verb->add_option("--http-port", options->http_port, "The same on 127.0.0.1")
      ->check(CLI::Range(0, 65535));
  verb->add_option("--dicom-port", options->dicom_port, "The same on 127.0.0.1")
      ->check(CLI::Range(0, 65535));
  verb->add_option("--aet", options->aet, "AE title (MEDARC)");
  verb->add_option("--log-level", options->log_level, "debug, info, warn or error")
      ->check(CLI::IsMember({"debug", "info", "warn", "error"}));
  verb->callback([options, &exit_code] { exit_code = run(*options); });
}

}  // namespace medarc::tools
