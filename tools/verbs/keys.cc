// medarc keys: key pairs for Crypt4GH, the archive's own key, and the recipients that files are
// encrypted for.
#include <fmt/format.h>

#include <cstdio>

#include "base/fs.h"
#include "genomics/crypt4gh_keys.h"
#include "security/secret_file.h"
#include "tools/key_files.h"
#include "tools/opened.h"
#include "tools/recipient_book.h"

namespace medarc::tools {
namespace {

namespace crypt4gh = genomics::crypt4gh;

struct KeysOptions {
  Common common;
  std::string server, token_file, name, file, passphrase_file;

  Result<std::unique_ptr<RecipientBook>> book() const {
    return server.empty() ? open_recipient_book(common)
                          : call_recipient_book(common, server, token_file);
  }
};
using Run = Result<int> (*)(const KeysOptions&);

Result<int> make(const KeysOptions& options) {
  MEDARC_ASSIGN(const std::string passphrase, read_passphrase(options.passphrase_file));
  const crypt4gh::Secret secret = crypt4gh::Secret::random();
  MEDARC_ASSIGN(const Bytes sealed, crypt4gh::write_secret_key(secret, passphrase));
  const std::string secret_file = options.file + ".sec", public_file = options.file + ".pub";
  MEDARC_TRY(write_new_file(secret_file, sealed));
  MEDARC_TRY(
      write_new_file(public_file, crypt4gh::write_public_key(security::public_key_of(secret))));
  print_result(
      options.common,
      {{"secret", secret_file}, {"public", public_file}, {"passphrase", !passphrase.empty()}});
  return kExitDone;
}

Result<int> show(const KeysOptions& options) {
  MEDARC_ASSIGN(const auto book, options.book());
  MEDARC_ASSIGN(const Bytes key, book->own_key());
  if (options.common.json) {
    MEDARC_ASSIGN(const auto parsed, crypt4gh::read_public_key(key));
    print_result(options.common, {{"key", to_base64(parsed.view())}});
  } else {
    fmt::print("{}", key);
    std::fflush(stdout);
  }
  return kExitDone;
}

// The archive's newest key from now on; nullopt: a random one.
Result<int> add_own(const KeysOptions& options, std::optional<crypt4gh::Secret> secret) {
  MEDARC_ASSIGN(const auto opened, open_archive(options.common, false));
  MEDARC_ASSIGN(const auto key,
                opened->genomes->crypt4gh()->add_key(operator_principal(), std::move(secret)));
  print_result(options.common, {{"key", to_base64(key.view())}});
  return kExitDone;
}

Result<int> renew(const KeysOptions& options) { return add_own(options, std::nullopt); }

Result<int> import_key(const KeysOptions& options) {
  MEDARC_ASSIGN(const auto secret, read_secret_key_file(options.file, options.passphrase_file));
  return add_own(options, secret);
}

Result<int> list(const KeysOptions& options) {
  MEDARC_ASSIGN(const auto book, options.book());
  MEDARC_ASSIGN(const auto all, book->list());
  for (const boost::json::object& one : all) print_result(options.common, one);
  print_result(options.common, {{"recipients", all.size()}});
  return kExitDone;
}

Result<int> add_recipient(const KeysOptions& options) {
  MEDARC_ASSIGN(const std::string text, security::read_secret(options.file));
  MEDARC_ASSIGN(const auto key, crypt4gh::read_public_key(text));
  MEDARC_ASSIGN(const auto book, options.book());
  MEDARC_TRY(book->add(options.name, key));
  print_result(options.common, {{"name", options.name}, {"key", to_base64(key.view())}});
  return kExitDone;
}

Result<int> remove_recipient(const KeysOptions& options) {
  MEDARC_ASSIGN(const auto book, options.book());
  MEDARC_TRY(book->remove(options.name));
  print_result(options.common, {{"removed", options.name}});
  return kExitDone;
}

struct Verb {
  const char *name, *meaning;
  Run run;
  bool served;                 // also on a running server
  const char* file = nullptr;  // what the file is, where it takes one
  bool named = false;          // takes a name
  bool passphrase = false;
};

void add(CLI::App& above, const Verb& verb, int& exit_code) {
  const auto options = std::make_shared<KeysOptions>();
  CLI::App* sub = above.add_subcommand(verb.name, verb.meaning);
  options->common.add_to(*sub);
  if (verb.served) {
    sub->add_option("--server", options->server,
                    "URL of a running server (http://127.0.0.1:8042); else the stopped archive");
    sub->add_option("--token-file", options->token_file,
                    "File with an administrator's token, for --server");
  }
  if (verb.named) sub->add_option("name", options->name, "What it is called here")->required();
  if (verb.file != nullptr) sub->add_option("file", options->file, verb.file)->required();
  if (verb.passphrase) {
    sub->add_option("--passphrase-file", options->passphrase_file,
                    "File with the passphrase of the secret key; else it has none");
  }
  const Run run = verb.run;
  sub->callback([options, run, &exit_code] {
    const Result<int> code = run(*options);
    exit_code = code.has_error() ? fail(code.error()) : *code;
  });
}

}  // namespace

void add_keys(CLI::App& app, int& exit_code) {
  CLI::App* keys = app.add_subcommand("keys", "Keys of encrypted genome files (Crypt4GH)");
  keys->require_subcommand(1);
  add(*keys,
      {"make", "Make a key pair, FILE.sec and FILE.pub", make, false, "Where, without an ending",
       false, true},
      exit_code);
  CLI::App* own = keys->add_subcommand("crypt4gh", "The archive's own key");
  own->require_subcommand(1);
  add(*own, {"show", "The public key that senders encrypt for", show, true}, exit_code);
  add(*own, {"renew", "Make a new key; the old ones still open files", renew, false}, exit_code);
  add(*own,
      {"import", "Take a secret key as the newest", import_key, false, "File of the secret key", false,
       true},
      exit_code);
  CLI::App* recipient = keys->add_subcommand("recipient", "Whom files are encrypted for, by name");
  recipient->require_subcommand(1);
  add(*recipient, {"list", "All recipients", list, true}, exit_code);
  add(*recipient, {"add", "Name a recipient", add_recipient, true, "File of the public key", true},
      exit_code);
  add(*recipient, {"remove", "Take a recipient away", remove_recipient, true, nullptr, true},
      exit_code);
}

}  // namespace medarc::tools
