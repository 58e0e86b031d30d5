// medarc push: genome files to a server, on from where an earlier try stopped.
#include <chrono>
#include <filesystem>

#include "tools/transfer/push.h"
#include "tools/transfer/push_verb.h"

namespace medarc::tools {
namespace {

struct Options {
  Common common;
  std::vector<std::string> files;
  std::string to = "http://127.0.0.1:8042", token_file, name;
  PushOptions push;
};

double seconds_since(std::chrono::steady_clock::time_point start) {
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

Result<int> run(const Options& options) {
  if (!options.name.empty() && options.files.size() > 1) {
    return make_error(Code::invalid_argument, "--name goes with one file");
  }
  MEDARC_ASSIGN(auto to, server_at(options.common, options.to, options.token_file));
  ServerLink server(std::move(to));
  const auto start = std::chrono::steady_clock::now();
  uint64_t failed = 0, sent = 0, resumed = 0;
  int exit_code = kExitDone;
  for (const std::string& path : options.files) {
    PushOptions push = options.push;
    push.to = options.to;
    push.name =
        options.name.empty() ? std::filesystem::path(path).filename().string() : options.name;
    const auto begun = std::chrono::steady_clock::now();
    const auto pushed = push_file(push, server, path);
    if (pushed.has_error()) {
      ++failed;
      exit_code = fail(with_context(pushed.error(), push.name));
      continue;
    }
    sent += pushed->bytes_sent;
    resumed += pushed->bytes_resumed;
    print_result(options.common, {{"file", path},
                                  {"id", pushed->id},
                                  {"existed", pushed->existed},
                                  {"bytes", pushed->bytes},
                                  {"bytes_sent", pushed->bytes_sent},
                                  {"bytes_resumed", pushed->bytes_resumed},
                                  {"seconds", seconds_since(begun)},
                                  {"sha256", pushed->sha256.hex()}});
  }
  if (options.files.size() > 1) {
    print_result(options.common, {{"files", options.files.size()},
                                  {"failed", failed},
                                  {"bytes_sent", sent},
                                  {"bytes_resumed", resumed},
                                  {"seconds", seconds_since(start)}});
  }
  return exit_code;
}

}  // namespace

void add_push(CLI::App& app, int& exit_code) {
  auto options = std::make_shared<Options>();
  CLI::App* verb = app.add_subcommand(
      "push", "Send genome files to a server; a try that broke off is gone on with");
  options->common.add_to(*verb);
  verb->add_option("files", options->files, "BAM, CRAM, FASTQ, FASTA, VCF, BCF or BED files")
      ->required();
  verb->add_option("--to", options->to, "URL of the server")->capture_default_str();
  verb->add_option("--token-file", options->token_file, "File with a token, for --to");
  verb->add_option("--patient", options->push.patient,
                   "Whose they are: a PatientID, ISSUER|PatientID or Patient/ID");
  verb->add_option("--name", options->name, "What the server calls the file; its own name if not");
  verb->add_option("--piece-bytes", options->push.piece_bytes, "Of one request, held in memory")
      ->check(CLI::Range(uint64_t{4096}, uint64_t{1} << 30))
      ->capture_default_str();
  verb->add_option("--bytes-per-second", options->push.bytes_per_second,
                   "At most; 0: as fast as it goes")
      ->capture_default_str();
  verb->add_option("--retry-for", options->push.retry_for_s,
                   "Seconds without progress until a file is given up")
      ->check(CLI::Range(0, 86'400))
      ->capture_default_str();
  verb->callback([options, &exit_code] {
    const Result<int> code = run(*options);
    exit_code = code.has_error() ? fail(code.error()) : *code;
  });
}

}  // namespace medarc::tools
