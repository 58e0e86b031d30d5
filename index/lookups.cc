#include "index/lookups.h"

#include <algorithm>
#include <mutex>
#include <set>

#include "index/rocks_db.h"
#include "index/strict.h"

namespace medarc::index {
namespace {

constexpr size_t kRemovedAtOnce = 10'000;
constexpr char kDefinition = 'd', kGoing = 'g', kValue = 'k', kHeld = 'h';

Bytes definition_key(std::string_view name) { return kDefinition + Bytes(name); }

Bytes slot_key(char kind, uint32_t slot) {
  Bytes out(1, kind);
  key::append_be32(out, slot);
  return out;
}

Bytes value_prefix(uint32_t slot, std::string_view form) {
  Bytes out = slot_key(kValue, slot);
  key::append_text(out, form.substr(0, kFieldValueBytesMax));
  return out;
}

struct Definition {
  uint32_t slot = 0;
  uint64_t through = 0;
};

Bytes encode(const Definition& d) {
  Bytes out;
  key::append_be32(out, d.slot);
  key::append_be64(out, d.through);
  return out;
}

Result<Definition> decode_definition(ByteView value) {
  if (value.size() != 12) {
    return make_error(Code::corrupt, "an indexed attribute cannot be read; rebuild the index");
  }
  return Definition{key::read_be32(value), key::read_be64(value.substr(4))};
}

Result<std::optional<Definition>> definition(StateReader& state, std::string_view name) {
  MEDARC_ASSIGN(auto value, state.get(Table::lookups, definition_key(name)));
  if (!value) return std::optional<Definition>();
  MEDARC_ASSIGN(const Definition found, decode_definition(*value));
  return std::optional<Definition>(found);
}

Bytes encode_forms(const std::vector<std::string>& forms) {
  Encoder out;
  out.varint(forms.size());
  for (const std::string& form : forms) out.bytes(form);
  return out.take();
}

Result<std::vector<std::string>> decode_forms(ByteView value) {
  Decoder in(value);
  StrictDecoder strict(in);
  std::vector<std::string> out;
  for (uint64_t n = strict.count(); n > 0 && in.ok(); --n) out.push_back(strict.text());
  if (!in.at_end()) return make_error(Code::corrupt, "an entry of an indexed attribute is broken");
  return out;
}

class RocksLookups final : public Lookups {
 public:
  explicit RocksLookups(std::shared_ptr<RocksDb> db) : db_(std::move(db)) {}

  Status keep(const std::vector<std::string>& names) override {
    std::lock_guard lock(mutex_);
    const std::set<std::string> wanted(names.begin(), names.end());
    std::map<std::string, Definition> held;
    std::set<uint32_t> going;
    uint32_t next = 0;
    Status broken;
    MEDARC_TRY(db_->scan(Table::lookups, Bytes(1, kDefinition), [&](ByteView k, ByteView value) {
      auto found = decode_definition(value);
      if (found.has_error()) {
        broken = found.error();
        return false;
      }
      next = std::max(next, found->slot + 1);
      held.emplace(k.substr(1), *found);
      return true;
    }));
    MEDARC_TRY(broken);
    MEDARC_TRY(db_->scan(Table::lookups, Bytes(1, kGoing), [&](ByteView k, ByteView) {
      going.insert(key::read_be32(k.substr(1)));
      next = std::max(next, *going.rbegin() + 1);
      return true;
    }));
    Batch batch(*db_);
    for (const auto& [name, found] : held) {
      if (wanted.contains(name)) continue;
      batch.remove(Table::lookups, definition_key(name));
      batch.put(Table::lookups, slot_key(kGoing, found.slot), {});
      going.insert(found.slot);
    }
    for (const std::string& name : wanted) {
      if (!held.contains(name)) {
        batch.put(Table::lookups, definition_key(name), encode(Definition{next++, 0}));
      }
    }
    MEDARC_TRY(db_->write(batch));
    for (const uint32_t slot : going) MEDARC_TRY(remove_all(slot));
    return {};
  }

  Status put(const std::vector<LookupEntry>& entries,
             const std::map<std::string, archive::CommitNumber>& through) override {
    std::lock_guard lock(mutex_);
    Batch batch(*db_);
    std::map<std::string, std::optional<Definition>> known;
    const auto find = [&](const std::string& name) -> Result<std::optional<Definition>> {
      auto at = known.find(name);
      if (at == known.end()) {
        MEDARC_ASSIGN(auto found, definition(*db_, name));
        at = known.emplace(name, found).first;
      }
      return at->second;
    };
    for (const LookupEntry& entry : entries) {
      MEDARC_ASSIGN(const auto found, find(entry.name));
      if (found) MEDARC_TRY(replace(batch, found->slot, entry));
    }
    for (const auto& [name, number] : through) {
      MEDARC_ASSIGN(auto found, find(name));
      if (!found || found->through >= number.value) continue;
      found->through = number.value;
      batch.put(Table::lookups, definition_key(name), encode(*found));
    }
    return db_->write(batch);
  }

 private:
  static Status replace(Batch& batch, uint32_t slot, const LookupEntry& entry) {
    const Bytes held_key = slot_key(kHeld, slot) + entry.id;
    MEDARC_ASSIGN(const auto before, batch.get(Table::lookups, held_key));
    if (before) {
      MEDARC_ASSIGN(const auto forms, decode_forms(*before));
      for (const std::string& form : forms) {
        batch.remove(Table::lookups, value_prefix(slot, form) + entry.id);
      }
    }
    for (const std::string& form : entry.forms) {
      batch.put(Table::lookups, value_prefix(slot, form) + entry.id, {});
    }
    if (!entry.forms.empty()) {
      batch.put(Table::lookups, held_key, encode_forms(entry.forms));
    } else if (before) {
      batch.remove(Table::lookups, held_key);
    }
    return {};
  }

  // A part at a time; the mark goes last, so that an interrupted removal is finished by the next.
  Status remove_all(uint32_t slot) {
    for (const char kind : {kValue, kHeld}) {
      while (true) {
        Batch batch(*db_);
        size_t count = 0;
        MEDARC_TRY(db_->scan(Table::lookups, slot_key(kind, slot), [&](ByteView k, ByteView) {
          batch.remove(Table::lookups, Bytes(k));
          return ++count < kRemovedAtOnce;
        }));
        if (count == 0) break;
        MEDARC_TRY(db_->write(batch));
      }
    }
    Batch last(*db_);
    last.remove(Table::lookups, slot_key(kGoing, slot));
    return db_->write(last);
  }

  const std::shared_ptr<RocksDb> db_;
  std::mutex mutex_;
};

struct Span {
  Bytes low, high;
};

// Where keys of matching values lie; nullopt: nowhere in particular.
std::optional<std::vector<Span>> spans_of(uint32_t slot, const Term& term, const Vr& vr) {
  CompiledTerm compiled(term);
  const bool wild = term.op == TermOp::wildcard && takes_wildcards(vr);
  if (compiled.universal() || term.op == TermOp::empty || term.op == TermOp::present ||
      term.values.empty()) {
    return std::nullopt;
  }
  const Bytes all = slot_key(kValue, slot);
  std::vector<Span> out;
  if (term.op == TermOp::range) {
    std::string low, high;
    if (!takes_ranges(vr) || !compiled.bounds(vr, low, high)) return std::nullopt;
    Bytes last = all;
    if (!high.empty()) key::append_text(last, high);
    return std::vector<Span>{{all + low, key::after_prefix(std::move(last))}};
  }
  if (wild || term.op == TermOp::begins) {
    if (is_vr(vr, "PN")) return std::vector<Span>{{all, key::after_prefix(all)}};
    std::string start = all;
    const std::string& pattern = compiled.wanted(vr).front();
    for (const char c : literal_prefix(pattern).substr(0, kFieldValueBytesMax)) {
      start += c;
      if (c == '\0') start += '\xFF';
    }
    return std::vector<Span>{{start, key::after_prefix(start)}};
  }
  for (const std::string& value : term.values) {
    const std::vector<std::string> found = forms(vr, value);
    if (found.empty()) return std::nullopt;  // matches what has no value
    const auto some = std::find_if(found.begin(), found.end(), [](auto& f) { return !f.empty(); });
    if (some == found.end()) return std::nullopt;
    const Bytes prefix = value_prefix(slot, *some);
    out.push_back({prefix, key::after_prefix(prefix)});
    if (term.op == TermOp::all_of) break;
  }
  return out;
}

}  // namespace

Result<std::optional<archive::CommitNumber>> lookup_through(StateReader& state,
                                                            std::string_view name) {
  MEDARC_ASSIGN(const auto found, definition(state, name));
  if (!found) return std::optional<archive::CommitNumber>();
  return std::optional<archive::CommitNumber>(archive::CommitNumber{found->through});
}

Result<bool> look_up(Reader& reader, std::string_view name, const Term& term, const Vr& vr,
                     const std::function<bool(ByteView id)>& visit) {
  MEDARC_ASSIGN(const auto found, definition(reader, name));
  if (!found) return false;
  const auto spans = spans_of(found->slot, term, vr);
  if (!spans) return false;
  for (const Span& span : *spans) {
    auto keys = reader.range(Table::lookups, span.low, span.high);
    for (; keys->valid(); keys->next()) {
      ByteView rest = keys->key().substr(slot_key(kValue, found->slot).size());
      if (!key::take_text(rest)) {
        return make_error(Code::corrupt, "an entry of an indexed attribute is broken");
      }
      if (!visit(rest)) return true;
    }
    MEDARC_TRY(keys->status());
  }
  return true;
}

std::unique_ptr<Lookups> make_lookups(std::shared_ptr<RocksDb> db) {
  return std::make_unique<RocksLookups>(std::move(db));
}

}  // namespace medarc::index
