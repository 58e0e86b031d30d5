// What the verbs of the command line share: options every verb has, exit codes, the last JSON
// object.
#pragma once

#include <CLI/CLI.hpp>
#include <boost/json/object.hpp>
#include <string>
#include <vector>

#include "base/config.h"
#include "base/result.h"

namespace medarc::tools {

// Exit codes, the same for every verb.
inline constexpr int kExitDone = 0;
inline constexpr int kExitFound = 1;   // the verb ran and found something wrong
inline constexpr int kExitUsage = 2;   // the command line or the configuration is wrong
inline constexpr int kExitFailed = 3;  // it could not do its work

// Options that every verb on an archive takes.
struct Common {
  std::string data = "medarc-data";
  std::string config_path;       // TOML; empty: defaults
  std::vector<std::string> set;  // key=value, over the file
  bool json = false;             // answers are JSON objects, one a line, the result last

  void add_to(CLI::App& verb);
  // The file, then --set, over the defaults.
  Result<Config> config() const;
};

// Prints an error to stderr ("medarc: …") and answers the exit code for it.
int fail(const Error& error);

// Prints the result: the object as one line of JSON with --json, else "key value" lines in order.
void print_result(const Common& common, const boost::json::object& result);

// "12.3 MB", decimal units.
std::string human_bytes(uint64_t bytes);

// Each verb adds its subcommand; `exit_code` is set when it has run. One file a verb in verbs/.
void add_serve(CLI::App& app, int& exit_code);
void add_import(CLI::App& app, int& exit_code);
void add_export(CLI::App& app, int& exit_code);
void add_verify(CLI::App& app, int& exit_code);
void add_rebuild_index(CLI::App& app, int& exit_code);
void add_gc(CLI::App& app, int& exit_code);
void add_stats(CLI::App& app, int& exit_code);
void add_echo(CLI::App& app, int& exit_code);
void add_find(CLI::App& app, int& exit_code);
void add_pull(CLI::App& app, int& exit_code);
void add_send(CLI::App& app, int& exit_code);
void add_peer(CLI::App& app, int& exit_code);
void add_jobs(CLI::App& app, int& exit_code);
void add_senders(CLI::App& app, int& exit_code);
void add_config(CLI::App& app, int& exit_code);
void add_audit(CLI::App& app, int& exit_code);
void add_bench(CLI::App& app, int& exit_code);
void add_recompress(CLI::App& app, int& exit_code);
void add_sample(CLI::App& app, int& exit_code);
void add_consent(CLI::App& app, int& exit_code);
void add_keys(CLI::App& app, int& exit_code);
void add_decrypt(CLI::App& app, int& exit_code);

}  // namespace medarc::tools
