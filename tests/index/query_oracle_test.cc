// Queries against an evaluator that knows no index: the same rows in a list, every term looked at on
// every row, with matching written a second time in the plainest way.
#include <algorithm>
#include <cctype>
#include <set>

#include "index/fields.h"
#include "tests/index/maker.h"

namespace medarc::index::test {
namespace {

using Random = std::mt19937;
uint32_t pick(Random& r, uint32_t n) { return static_cast<uint32_t>(r() % n); }
template <class T>
const T& one_of(Random& r, const std::vector<T>& from) {
  return from[pick(r, static_cast<uint32_t>(from.size()))];
}

constexpr Tag kDescription{0x00081030}, kBodyPart{0x00180015}, kInstanceNumber{0x00200013},
    kStudyTime{0x00080030}, kNowhere{0x00091001};

// ---- what is stored -------------------------------------------------------------------------------

struct Item {  // one instance with everything above it
  std::string study, series, instance;
  std::map<uint32_t, std::vector<std::string>> attributes;  // all levels, first wins
};

struct World {
  std::vector<InstanceSpec> specs;
  std::vector<StoreInstance> ops;
};

const std::vector<std::string> kFamilies = {"Doe", "DOE", "Smith", "Smithers", "Mueller", "Li", ""};
const std::vector<std::string> kGivens = {"Jane", "John", "J", "Ann-Marie", ""};
const std::vector<std::string> kModalities = {"CT", "MR", "PT", "US", ""};
const std::vector<std::string> kTexts = {"HEAD", "head", "Chest *", "Abdomen?", "", "A-very-long-" + std::string(140, 'q'),
                                         "A-very-long-" + std::string(140, 'q') + "2"};

std::string random_date(Random& r) {
  if (pick(r, 8) == 0) return "";
  char text[16];
  std::snprintf(text, sizeof text, "20%02u%02u%02u", 20 + pick(r, 3), 1 + pick(r, 12), 1 + pick(r, 28));
  return text;
}

std::string random_name(Random& r) {
  std::string name = one_of(r, kFamilies) + "^" + one_of(r, kGivens);
  if (pick(r, 3) == 0) name += "^^";
  if (pick(r, 4) == 0) name += "=" + one_of(r, kFamilies) + "^X";
  if (pick(r, 8) == 0) return "";
  return name;
}

// A study of 1-3 series of 1-3 instances. UIDs are drawn so that one is often a prefix of another.
void add_study(World& w, Random& r, uint32_t n, const archive::StagedBlob& blob) {
  InstanceSpec s;
  s.study = "1.2." + std::to_string(n % 7) + (n < 7 ? "" : "." + std::to_string(n));
  s.patient_id = pick(r, 6) == 0 ? "" : "P" + std::to_string(pick(r, 60));
  s.issuer = pick(r, 2) == 0 ? "" : "HOSP";
  s.name = random_name(r);
  s.date = random_date(r);
  s.accession = pick(r, 5) == 0 ? "" : "A" + std::to_string(pick(r, 100)) + (pick(r, 40) == 0 ? std::string(130, 'z') + std::to_string(pick(r, 3)) : "");
  const std::string description = one_of(r, kTexts);
  const std::string study_time = pick(r, 3) == 0 ? "1015" : "10" + std::to_string(10 + pick(r, 50)) + "30.5";
  for (uint32_t e = 0, series = 1 + pick(r, 3); e < series; ++e) {
    s.series = s.study + "." + std::to_string(e + 1);
    s.modality = one_of(r, kModalities);
    const std::string part = one_of(r, kTexts);
    for (uint32_t i = 0, instances = 1 + pick(r, 3); i < instances; ++i) {
      s.instance = s.series + "." + std::to_string(i + 1);
      s.number = static_cast<int>(pick(r, 3));
      StoreInstance op = make_store(s, blob);
      op.study_attributes.set(kDescription, "LO", {description});
      op.study_attributes.set(kStudyTime, "TM", {study_time});
      op.series_attributes.set(kBodyPart, "CS", {part, "SECOND"});
      w.specs.push_back(s);
      w.ops.push_back(std::move(op));
    }
  }
}

// ---- the second evaluator -------------------------------------------------------------------------

std::string lower(std::string v) {
  for (char& c : v) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return v;
}

std::vector<std::string> split(const std::string& v, char at) {
  std::vector<std::string> out{""};
  for (char c : v) {
    if (c == at) {
      out.emplace_back();
    } else {
      out.back() += c;
    }
  }
  return out;
}

bool glob(const std::string& p, const std::string& t, size_t i = 0, size_t k = 0) {
  if (i == p.size()) return k == t.size();
  if (p[i] == '*') return glob(p, t, i + 1, k) || (k < t.size() && glob(p, t, i, k + 1));
  return k < t.size() && (p[i] == '?' || p[i] == t[k]) && glob(p, t, i + 1, k + 1);
}

std::string plain_name(std::string v) {
  while (!v.empty() && v.back() == '^') v.pop_back();
  return lower(v);
}

std::string minute(const std::string& v, char fill) {  // HHMM[SS[.F]] to 12 digits
  std::string out;
  for (char c : v) {
    if (c != '.') out += c;
  }
  const std::string full = fill == '0' ? "000000000000" : "235959999999";
  return out + full.substr(out.size());
}

bool value_matches(uint32_t tag, const Term& t, const std::string& value) {
  const bool name = tag == kPatientName.value;
  const bool literal = tag == kStudyDate.value || tag == kStudyTime.value ||
                       tag == kInstanceNumber.value || tag == kStudyUid.value ||
                       tag == kSeriesUid.value || tag == kSopInstanceUid.value;
  if (t.op == TermOp::range) {
    const bool time = tag == kStudyTime.value;
    const std::string v = time ? minute(value, '0') : value;
    const std::string low = t.values[0].empty() ? "" : time ? minute(t.values[0], '0') : t.values[0];
    const std::string high = t.values[1].empty() ? "" : time ? minute(t.values[1], '9') : t.values[1];
    return (low.empty() || v >= low) && (high.empty() || v <= high);
  }
  if (t.op == TermOp::begins) {
    const std::string want = lower(t.values[0]);
    for (const std::string& g : split(lower(value), '=')) {
      std::vector<std::string> c = split(g, '^');
      c.resize(2);
      const std::string both = c[1].empty() ? "" : c[0] + c[1], turned = c[0].empty() ? "" : c[1] + c[0];
      for (std::string text : {c[0], c[1], both, turned}) {
        for (const std::string& word : split(text, '-')) {
          if (word.starts_with(want)) return true;
        }
      }
    }
    return false;
  }
  for (const std::string& want : t.values) {
    std::vector<std::pair<std::string, std::string>> pairs;
    if (name) {
      for (const std::string& g : split(value, '=')) {
        if (!plain_name(g).empty()) pairs.emplace_back(plain_name(want), plain_name(g));
      }
    } else {
      pairs.emplace_back(want, value);
    }
    for (auto& [w, v] : pairs) {
      if (t.op == TermOp::wildcard && !literal ? glob(w, v) : w == v) return true;
    }
  }
  return false;
}

using Row = std::map<uint32_t, std::vector<std::string>>;

// `levels` from the lowest up.
bool term_matches(const Term& t, const std::vector<const Row*>& levels) {
  if (t.op == TermOp::wildcard && t.values[0].find_first_not_of("*") == std::string::npos) return true;
  std::vector<std::string> values;
  for (const Row* level : levels) {
    auto at = level->find(t.field.value);
    if (at == level->end()) continue;
    for (const auto& v : at->second) {
      if (!v.empty() && !(t.field == kPatientName && v.find_first_not_of("^=") == std::string::npos)) values.push_back(v);
    }
    break;
  }
  if (t.op == TermOp::present) return !values.empty();
  if (t.op == TermOp::empty) return values.empty();
  if (t.op == TermOp::all_of) {
    return std::all_of(t.values.begin(), t.values.end(), [&](auto& w) {
      return std::find(values.begin(), values.end(), w) != values.end();
    });
  }
  return std::any_of(values.begin(), values.end(),
                     [&](auto& v) { return value_matches(t.field.value, t, v); });
}

class Oracle {
 public:
  void add(const StoreInstance& op) {
    const InstanceRow& i = op.instance;
    auto take = [](auto& into, const AttributeSet& from) {
      for (const Attribute& a : from.all()) {
        auto& held = into[a.tag.value];
        const bool empty = std::all_of(held.begin(), held.end(), [](auto& v) { return v.empty(); });
        if (empty) held = a.values;
      }
    };
    auto& study = studies_[i.study.value];
    take(study, op.patient_attributes);
    take(study, op.study_attributes);
    auto& series = series_[series_id(i.study, i.series)];
    take(series, op.series_attributes);
    const std::string modality{op.series_attributes.first(kModality)};
    auto& all = study[kModalitiesInStudy.value];
    if (!modality.empty() && std::find(all.begin(), all.end(), modality) == all.end()) all.push_back(modality);
    auto& instance = instances_[instance_id(i.study, i.series, i.uid)];
    take(instance, i.attributes);
    instance[kSopInstanceUid.value] = {i.uid.value};
  }

  std::vector<Bytes> answer(const Query& q) const {
    std::vector<Bytes> out;
    auto visit = [&](const Bytes& id) {
      const auto parts = split(id, '\0');
      std::vector<const Row*> seen;
      if (parts.size() > 2) seen.push_back(&instances_.at(id));
      if (parts.size() > 1) seen.push_back(&series_.at(parts[0] + '\0' + parts[1]));
      seen.push_back(&studies_.at(parts[0]));
      if (q.study && parts[0] != q.study->value) return;
      if (q.series && parts[1] != q.series->value) return;
      for (const auto& group : q.all_of_any) {
        if (std::none_of(group.begin(), group.end(), [&](auto& t) { return term_matches(t, seen); })) return;
      }
      out.push_back(id);
    };
    if (q.kind == Kind::study) {
      for (const auto& [id, row] : studies_) visit(id);
    } else if (q.kind == Kind::series) {
      for (const auto& [id, row] : series_) visit(id);
    } else {
      for (const auto& [id, row] : instances_) visit(id);
    }
    return out;
  }

 private:
  std::map<Bytes, Row> studies_, series_, instances_;
};

// ---- random queries -------------------------------------------------------------------------------

std::string pattern_of(Random& r, std::string v) {
  if (v.empty()) return "*";
  const size_t at = pick(r, static_cast<uint32_t>(v.size()));
  switch (pick(r, 5)) {
    case 0: return v.substr(0, at) + "*";
    case 1: return "*" + v.substr(at);
    case 2: v[at] = '?'; return v;
    case 3: return "*" + v.substr(at, 2) + "*";
    default: return v.substr(0, at) + "*" + v.substr(std::min(v.size(), at + 1));
  }
}

Term random_term(Random& r, const World& w) {
  const InstanceSpec& near = one_of(r, w.specs);  // so that most terms match something
  auto equal_or_pattern = [&](Tag tag, const std::string& v) {
    if (v.empty()) return Term{tag, pick(r, 2) == 0 ? TermOp::empty : TermOp::present, {}};
    if (pick(r, 3) == 0) return Term{tag, TermOp::wildcard, {pattern_of(r, v)}};
    std::vector<std::string> values{v};
    while (pick(r, 3) == 0) values.push_back(one_of(r, w.specs).accession + "x");
    return Term{tag, TermOp::equal, values};
  };
  switch (pick(r, 16)) {
    case 0: return equal_or_pattern(kPatientId, near.patient_id);
    case 1: {
      const auto groups = split(near.name, '=');
      return equal_or_pattern(kPatientName, pick(r, 2) == 0 ? lower(groups.back()) : groups.front());
    }
    case 2: return equal_or_pattern(kAccessionNumber, near.accession);
    case 3: {
      std::string a = random_date(r), b = random_date(r);
      if (a > b && !b.empty()) std::swap(a, b);
      return {kStudyDate, TermOp::range, {a, b}};
    }
    case 4: return equal_or_pattern(kStudyDate, near.date);
    case 5: return equal(kModalitiesInStudy, {"CT", "MR"});
    case 6: return {kModalitiesInStudy, TermOp::all_of, {near.modality.empty() ? "US" : near.modality, "CT"}};
    case 7: {
      std::vector<std::string> uids;
      for (uint32_t i = 0, n = 1 + pick(r, 30); i < n; ++i) uids.push_back(one_of(r, w.specs).study);
      uids.push_back("9.9.9");
      return equal(kStudyUid, uids);
    }
    case 8: return equal_or_pattern(kModality, near.modality);
    case 9: return equal_or_pattern(kSeriesUid, near.series);
    case 10: return equal_or_pattern(kSopInstanceUid, near.instance);
    case 11: return equal_or_pattern(kDescription, one_of(r, kTexts));
    case 12: return equal_or_pattern(kBodyPart, one_of(r, kTexts));
    case 13: return {kStudyTime, TermOp::range, {"1012", pick(r, 2) == 0 ? "" : "1040"}};
    case 14: {
      std::string from = one_of(r, kGivens) + one_of(r, kFamilies);
      from = from.substr(0, from.find('-'));
      return {kPatientName, TermOp::begins, {(from.empty() ? "li" : from).substr(0, 1 + pick(r, 6))}};
    }
    default: return pick(r, 2) == 0 ? Term{kNowhere, TermOp::empty, {}} : equal(kInstanceNumber, {"1"});
  }
}

Query random_query(Random& r, const World& w) {
  Query q;
  q.kind = static_cast<Kind>(2 + pick(r, 3));
  const InstanceSpec& near = one_of(r, w.specs);
  if (q.kind != Kind::study && pick(r, 4) == 0) {
    q.study = StudyUid(near.study);
    if (pick(r, 2) == 0) q.series = SeriesUid(near.series);
  } else if (q.kind == Kind::instance && pick(r, 10) == 0) {
    q.series = SeriesUid(near.series);
  }
  for (uint32_t g = 0, groups = pick(r, 4); g < groups; ++g) {
    auto& group = q.all_of_any.emplace_back();
    do group.push_back(random_term(r, w));
    while (pick(r, 6) == 0);
  }
  if (pick(r, 8) == 0) {  // the composite of modality and date
    q.all_of_any.push_back({equal(kModalitiesInStudy, {"CT", "US"})});
    q.all_of_any.push_back({{kStudyDate, TermOp::range, {"20210301", "20220401"}}});
  }
  q.order = static_cast<Order>(pick(r, 3));
  return q;
}

std::string describe(const Query& q) {
  std::string out = "kind " + std::to_string(static_cast<int>(q.kind)) + " order " + std::to_string(static_cast<int>(q.order));
  if (q.study) out += " study " + q.study->value;
  if (q.series) out += " series " + q.series->value;
  for (const auto& g : q.all_of_any) {
    out += " [";
    for (const Term& t : g) {
      out += " " + to_hex(Bytes{static_cast<char>(t.field.value >> 24), static_cast<char>(t.field.value >> 16), static_cast<char>(t.field.value >> 8), static_cast<char>(t.field.value)}) + "/" + std::to_string(static_cast<int>(t.op));
      for (const auto& v : t.values) out += " '" + v + "'";
    }
    out += "]";
  }
  return out;
}

class QueryOracle : public ::testing::Test {
 protected:
  void SetUp() override {
    index_ = must(open_index(posix_fs(), dir_ / "data", quick_options()));
    add_studies(0, 350);
  }
  void add_studies(uint32_t from, uint32_t to) {
    archive::StagedBlob blob = stage(*index_, "shared");
    Facts facts{{static_cast<int64_t>(from) + 1}, {}};
    const size_t begin = world_.ops.size();
    for (uint32_t n = from; n < to; ++n) {
      add_study(world_, random_, n, blob);
      if (n % 50 == 49 || n + 1 == to) flush_ops(blob);
    }
    for (size_t i = begin; i < world_.ops.size(); ++i) oracle_.add(world_.ops[i]);
  }
  void flush_ops(const archive::StagedBlob&) {
    Facts facts{{++time_}, {}};
    for (; committed_ < world_.ops.size(); ++committed_) facts.ops.emplace_back(world_.ops[committed_]);
    archive::StagedBlob blob = stage(*index_, "shared");
    must(index_->commit({blob}, std::move(facts)));
    if (time_ == 6) must(index_->flush());
  }

  TempDir dir_;
  std::unique_ptr<Index> index_;
  World world_;
  Oracle oracle_;
  Random random_{20250101};
  size_t committed_ = 0;
  int64_t time_ = 0;
};

TEST_F(QueryOracle, ThreeThousandRandomQueriesAnswerAsTheListDoes) {
  ASSERT_GT(world_.ops.size(), 1000u);
  auto view = index_->view();
  size_t with_rows = 0;
  for (int n = 0; n < 3000; ++n) {
    Query q = random_query(random_, world_);
    const std::vector<Bytes> want = oracle_.answer(q);
    with_rows += !want.empty();
    std::vector<Bytes> got = all_ids(*view, q, pick(random_, 4) == 0 ? 1 + pick(random_, 40) : 200);
    if (q.order == Order::by_id) {
      EXPECT_TRUE(std::is_sorted(got.begin(), got.end())) << describe(q);
    }
    // Offset pages cut the same list.
    Query part = q;
    part.offset = pick(random_, 20);
    part.limit = 10;
    const std::vector<Bytes> page = ids(must(view->query(part)));
    const size_t from = std::min<size_t>(part.offset, got.size());
    const size_t to = std::min<size_t>(from + 10, got.size());
    EXPECT_EQ(page, (std::vector<Bytes>(got.begin() + static_cast<long>(from), got.begin() + static_cast<long>(to)))) << describe(q);

    std::sort(got.begin(), got.end());
    ASSERT_EQ(got, want) << n << ": " << describe(q);
    ASSERT_EQ(must(view->count(q, 0)).rows, want.size()) << describe(q);
    const Count bounded = must(view->count(q, 5));
    EXPECT_EQ(bounded.rows, bounded.exact ? want.size() : 5u) << describe(q);
    EXPECT_TRUE(bounded.exact || want.size() > 5) << describe(q);
  }
  EXPECT_GT(with_rows, 1000u);
}

TEST_F(QueryOracle, Q12_PagesStayWholeWhileDataArrives) {
  uint32_t next = 350;
  for (int n = 0; n < 40; ++n) {
    Query q = random_query(random_, world_);
    const std::vector<Bytes> before = oracle_.answer(q);
    std::set<Bytes> seen;
    q.limit = 20;
    for (;;) {
      auto view = index_->view();
      Page page = must(view->query(q));
      for (const Match& m : page.matches) EXPECT_TRUE(seen.insert(m.row.id).second) << describe(q);
      if (page.next.empty()) break;
      q.after = page.next;
      if (n % 3 == 0) {
        add_studies(next, next + 2);
        next += 2;
      }
    }
    // What was there from the start is there once; what came later may be.
    for (const Bytes& id : before) EXPECT_TRUE(seen.count(id)) << describe(q);
    const std::vector<Bytes> after = oracle_.answer(q);
    for (const Bytes& id : seen) EXPECT_TRUE(std::binary_search(after.begin(), after.end(), id));
  }
}

TEST_F(QueryOracle, NewestFirstIsByReceivedTime) {
  auto view = index_->view();
  for (Kind kind : {Kind::study, Kind::series, Kind::instance}) {
    for (bool narrowed : {false, true}) {
      Query q = where(kind, narrowed ? std::vector<Term>{{kPatientName, TermOp::wildcard, {"smi*"}}} : std::vector<Term>{});
      q.order = Order::newest_first;
      Timestamp last{INT64_MAX};
      for (const Bytes& id : all_ids(*view, q, 13)) {
        const auto parts = split(id, '\0');
        const StudyUid study(parts[0]);
        Timestamp received;
        if (kind == Kind::study) received = must(view->study(study))->received;
        if (kind == Kind::series) received = must(view->series(study, SeriesUid(parts[1])))->received;
        if (kind == Kind::instance) received = must(view->instance(study, SeriesUid(parts[1]), SopInstanceUid(parts[2])))->received;
        EXPECT_LE(received, last);
        last = received;
      }
    }
  }
}

TEST_F(QueryOracle, TooManyRowsExaminedIsAnErrorAndNeverAPart) {
  auto view = index_->view();
  Query q = where(Kind::instance, {equal(kNowhere, {"x"})});
  q.rows_examined_max = 100;
  auto page = view->query(q);
  ASSERT_TRUE(page.has_error());
  EXPECT_EQ(page.error().code, Code::too_large);
  EXPECT_EQ(view->count(q, 0).error().code, Code::too_large);
}

TEST_F(QueryOracle, DateRangeWithModalityLooksAtThePageOnly) {
  auto view = index_->view();
  Query q = where(Kind::study, {equal(kModalitiesInStudy, {"CT"}), {kStudyDate, TermOp::range, {"20210101", "20211231"}}});
  ASSERT_GT(oracle_.answer(q).size(), 20u);
  q.limit = 10;
  q.rows_examined_max = 24;  // a key and a row each, and one more
  EXPECT_EQ(must(view->query(q)).matches.size(), 10u);
}

TEST_F(QueryOracle, CursorsAreCheckedAndBoundToTheirQuery) {
  auto view = index_->view();
  Query q = where(Kind::study, {{kPatientName, TermOp::wildcard, {"*"}}});
  q.limit = 5;
  const Page first = must(view->query(q));
  ASSERT_FALSE(first.next.empty());
  for (size_t i = 0; i < first.next.size(); ++i) {
    Query bad = q;
    bad.after = first.next.substr(0, i);
    if (i > 0) {
      EXPECT_EQ(view->query(bad).error().code, Code::invalid_argument);
    }
    bad.after = first.next;
    bad.after[i] = static_cast<char>(bad.after[i] ^ (1 << pick(random_, 8)));
    EXPECT_EQ(view->query(bad).error().code, Code::invalid_argument);
  }
  Query other = where(Kind::study, {{kPatientName, TermOp::wildcard, {"a*"}}});
  other.after = first.next;
  EXPECT_EQ(view->query(other).error().code, Code::invalid_argument);
  q.after = first.next;
  q.limit = 7;  // another page size is the same query
  EXPECT_EQ(must(view->query(q)).matches.size(), 7u);
}

}  // namespace
}  // namespace medarc::index::test
