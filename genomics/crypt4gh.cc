#include "genomics/crypt4gh.h"

#include <algorithm>

#include "archive/hash.h"
#include "index/setting.h"

namespace medarc::genomics {
namespace {

using security::Action;
using security::Domain;
using security::Object;

constexpr std::string_view kTable = "recipient";  // of the settings
constexpr size_t kNameBytesMax = 64;

Status check_name(std::string_view name) {
  const bool right = std::all_of(name.begin(), name.end(), [](unsigned char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' ||
           c == '-' || c == '_' || c == '@';
  });
  if (right && !name.empty() && name.size() <= kNameBytesMax) return {};
  return make_error(Code::invalid_argument,
                    "a recipient is named with 1 to 64 letters, digits and .-_@");
}

Object object_of(const std::string& name, std::string detail) {
  return {Domain::system, "recipient/" + name, std::move(detail)};
}

Error unknown() { return make_error(Code::not_found, "there is no recipient of this name"); }

Result<Crypt4gh::Recipient> read_row(const index::SettingRow& row) {
  const auto bytes = from_base64(row.value);
  const auto key = bytes ? crypt4gh::PublicKey::from_view(*bytes) : std::nullopt;
  if (!key) return make_error(Code::corrupt, "the stored key of a recipient is damaged");
  return Crypt4gh::Recipient{row.name, *key, row.changed};
}

}  // namespace

std::string Crypt4gh::Recipient::text() const {
  return name.empty() ? "key " + to_base64(key.view()) : name;
}

Crypt4gh::Crypt4gh(index::Index& index, security::Guard& guard,
                   std::unique_ptr<crypt4gh::Vault> vault)
    : index_(index), guard_(guard), vault_(std::move(vault)) {}

Result<crypt4gh::PublicKey> Crypt4gh::add_key(const Principal& who,
                                              std::optional<crypt4gh::Secret> key) {
  const Object object{Domain::system, "crypt4gh/key", key ? "import" : "renew"};
  MEDARC_TRY(guard_.authorise(who, Action::administer, object));
  // The trail first: a key that nobody is known to have added is worse than the reverse.
  index::Facts facts;
  facts.time = now();
  facts.ops.push_back(guard_.audit_op(who, Action::administer, object));
  MEDARC_TRY(index_.commit({}, std::move(facts)));
  return vault_->add(key ? *key : crypt4gh::Secret::random());
}

Result<std::vector<Crypt4gh::Recipient>> Crypt4gh::recipients(const Principal& who) {
  MEDARC_TRY(guard_.admit(who, Action::find, {Domain::genomes, "recipients", ""}));
  const auto view = index_.view();
  MEDARC_ASSIGN(const auto rows, index::settings_of(*view, kTable));
  std::vector<Recipient> out;
  for (const index::SettingRow& row : rows) {
    MEDARC_ASSIGN(Recipient one, read_row(row));
    out.push_back(std::move(one));
  }
  return out;
}

Result<Crypt4gh::Recipient> Crypt4gh::recipient(const Principal& who, const std::string& name) {
  MEDARC_ASSIGN(const auto all, recipients(who));
  for (const Recipient& one : all) {
    if (one.name == name) return one;
  }
  return unknown();
}

Result<bool> Crypt4gh::put(const Principal& who, const std::string& name, const PublicKey& key) {
  MEDARC_TRY(guard_.authorise(who, Action::administer, object_of(name, "put")));
  MEDARC_TRY(check_name(name));
  MEDARC_TRY(security::agree(crypt4gh::Secret::random(), key));
  std::lock_guard lock(changing_);
  MEDARC_ASSIGN(const auto all, recipients(who));
  for (const Recipient& one : all) {
    if (one.name != name) continue;
    if (one.key == key) return false;
    return make_error(Code::already_exists,
                      "a recipient of this name has another key: remove it first");
  }
  if (all.size() >= limits().recipients_max) {
    return make_error(Code::conflict, "no more than genomics.crypt4gh_recipients_max");
  }
  index::AuditEntry entry;
  entry.principal = who.id;
  entry.door = who.door;
  auto op = index::set_setting(std::move(entry), kTable, name, to_base64(key.view()));
  if (op.has_error()) return op.error();
  index::Facts facts;
  facts.time = now();
  facts.ops.emplace_back(std::move(*op));
  MEDARC_TRY(index_.commit({}, std::move(facts)));
  return true;
}

Status Crypt4gh::remove(const Principal& who, const std::string& name) {
  MEDARC_TRY(guard_.authorise(who, Action::administer, object_of(name, "remove")));
  std::lock_guard lock(changing_);
  MEDARC_ASSIGN(const auto all, recipients(who));
  const bool there =
      std::any_of(all.begin(), all.end(), [&](const Recipient& one) { return one.name == name; });
  if (!there) return unknown();
  index::AuditEntry entry;
  entry.principal = who.id;
  entry.door = who.door;
  auto op = index::unset_setting(std::move(entry), kTable, name);
  if (op.has_error()) return op.error();
  index::Facts facts;
  facts.time = now();
  facts.ops.emplace_back(std::move(*op));
  MEDARC_TRY(index_.commit({}, std::move(facts)));
  return {};
}

Status Crypt4gh::admit(const Principal& who, const index::FileId& file,
                       const Recipient& recipient) {
  return guard_.admit(who, Action::read,
                      {Domain::genomes, "file/" + file.value, "encrypted for " + recipient.text()});
}

Result<Crypt4gh::Sealed> Crypt4gh::seal(const Digest& blob,
                                        std::unique_ptr<archive::BlobReader> plain,
                                        const PublicKey& reader) {
  MEDARC_ASSIGN(crypt4gh::Share share, vault_->share(blob, reader));
  // The header follows from all that the bytes depend on: secret, blob and reader.
  archive::Sha256 hash;
  hash.update("crypt4gh 1");
  hash.update(blob.view());
  hash.update(share.header);
  Sealed out;
  out.etag = hash.finish().hex().substr(0, 32);
  out.reader = std::make_unique<crypt4gh::SealedReader>(std::move(share.header), share.keys,
                                                        std::move(plain));
  return out;
}

}  // namespace medarc::genomics
