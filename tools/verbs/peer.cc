// medarc peer: the DICOM peers that administrators add beside the configuration file's. On a
// stopped archive, or with --server on a running one.
#include "tools/peer_book.h"

namespace medarc::tools {
namespace {

struct PeerVerbOptions {
  Common common;
  std::string server, token_file, aet;
  std::vector<std::string> settings;  // key=value

  void add_to(CLI::App& verb, bool one) {
    common.add_to(verb);
    verb.add_option("--server", server,
                    "URL of a running server (http://127.0.0.1:8042); else the stopped archive");
    verb.add_option("--token-file", token_file, "File with an administrator's token, for --server");
    if (one) verb.add_option("aet", aet, "AE title of the peer")->required();
  }
  Result<std::unique_ptr<PeerBook>> open() const {
    return server.empty() ? open_peer_book(common) : call_peer_book(common, server, token_file);
  }
};

Result<int> list(const PeerVerbOptions& options) {
  MEDARC_ASSIGN(const auto book, options.open());
  MEDARC_ASSIGN(const auto peers, book->list());
  for (const boost::json::object& peer : peers) print_result(options.common, peer);
  print_result(options.common, {{"peers", peers.size()}});
  return kExitDone;
}

Result<int> set(const PeerVerbOptions& options) {
  Config::Table table;
  for (const std::string& pair : options.settings) {
    const size_t equals = pair.find('=');
    if (equals == std::string::npos || equals == 0) {
      return make_error(Code::invalid_argument, "settings are given as key=value");
    }
    table[pair.substr(0, equals)] = pair.substr(equals + 1);
  }
  MEDARC_ASSIGN(const auto book, options.open());
  MEDARC_ASSIGN(const auto peer, book->set(options.aet, table));
  print_result(options.common, peer);
  return kExitDone;
}

Result<int> remove(const PeerVerbOptions& options) {
  MEDARC_ASSIGN(const auto book, options.open());
  MEDARC_TRY(book->remove(options.aet));
  print_result(options.common, {{"removed", options.aet}});
  return kExitDone;
}

Result<int> echo(const PeerVerbOptions& options) {
  MEDARC_ASSIGN(const auto book, options.open());
  MEDARC_ASSIGN(const auto came, book->echo(options.aet));
  print_result(options.common, came);
  const boost::json::value* status = came.if_contains("status");
  const bool right = status != nullptr && status->is_string() && status->get_string() == "0000";
  return right ? kExitDone : kExitFound;
}

void add(CLI::App& verb, const char* name, const char* meaning, bool one, int& exit_code,
         Result<int> (*run)(const PeerVerbOptions&)) {
  const auto options = std::make_shared<PeerVerbOptions>();
  CLI::App* sub = verb.add_subcommand(name, meaning);
  options->add_to(*sub, one);
  if (run == set) {
    sub->add_option("settings", options->settings,
                    "All of them, key=value as in [[dicom.peer]]: host=192.0.2.30 port=11112");
  }
  sub->callback([options, run, &exit_code] {
    const Result<int> code = run(*options);
    exit_code = code.has_error() ? fail(code.error()) : *code;
  });
}

}  // namespace

void add_peer(CLI::App& app, int& exit_code) {
  CLI::App* verb =
      app.add_subcommand("peer", "List, set, remove and test DICOM peers beside the file's");
  verb->require_subcommand(1);
  add(*verb, "list", "All peers, and where each comes from", false, exit_code, list);
  add(*verb, "set", "Add a peer, or replace what is said of it", true, exit_code, set);
  add(*verb, "remove", "Take a peer away", true, exit_code, remove);
  add(*verb, "echo", "Ask a peer whether it answers (C-ECHO)", true, exit_code, echo);
}

}  // namespace medarc::tools
