#include "genomics/allele_search.h"

#include <algorithm>
#include <charconv>
namespace medarc::genomics {
namespace {

char upper(char c) { return c >= 'a' && c <= 'z' ? static_cast<char>(c - 32) : c; }

std::string upper(std::string_view text) {
  std::string out(text);
  std::transform(out.begin(), out.end(), out.begin(), [](char c) { return upper(c); });
  return out;
}

// N of the query is any base.
bool matches(std::string_view bases, std::string_view query) {
  if (bases.size() != query.size()) return false;
  for (size_t i = 0; i < bases.size(); ++i) {
    const char q = upper(query[i]);
    if (q != 'N' && q != upper(bases[i])) return false;
  }
  return true;
}

// A place without the bases that ref and alt have in common.
struct Trimmed {
  uint32_t begin;
  std::string_view ref, alt;
};
Trimmed trimmed(uint32_t begin, std::string_view ref, std::string_view alt) {
  while (!ref.empty() && !alt.empty() && upper(ref.back()) == upper(alt.back())) {
    ref.remove_suffix(1);
    alt.remove_suffix(1);
  }
  while (!ref.empty() && !alt.empty() && upper(ref.front()) == upper(alt.front())) {
    ref.remove_prefix(1);
    alt.remove_prefix(1);
    ++begin;
  }
  return {begin, ref, alt};
}

bool has_bases(uint32_t begin, std::string_view ref, std::string_view alt, const AlleleQuery& q) {
  const bool anywhere = q.kind != AlleleQuery::Kind::exact;
  const auto at = [&](uint32_t where) { return anywhere || where == q.begin; };
  if (at(begin) && (!q.ref || matches(ref, *q.ref)) && (!q.alt || matches(alt, *q.alt))) {
    return true;
  }
  const Trimmed own = trimmed(begin, ref, alt);
  if (q.ref && q.alt) {
    const Trimmed asked = trimmed(q.begin, *q.ref, *q.alt);
    return (anywhere || own.begin == asked.begin) && matches(own.ref, asked.ref) &&
           matches(own.alt, asked.alt);
  }
  return at(own.begin) && (!q.ref || matches(own.ref, *q.ref)) &&
         (!q.alt || matches(own.alt, *q.alt));
}

bool has_type(std::string_view type, const AlleleQuery& q) {
  if (q.type.empty() || q.type == type) return true;
  if (q.type == "INDEL") return type == "INS" || type == "DEL";
  return q.type == "SNV" && type == "SNP";
}

bool lies_right(uint32_t begin, uint32_t end, const AlleleQuery& q) {
  switch (q.kind) {
    case AlleleQuery::Kind::exact: return true;  // has_bases() looks at the place
    case AlleleQuery::Kind::range: return begin < q.end && q.begin < end;
    case AlleleQuery::Kind::bracket:
      return begin >= q.begin && begin < q.begin_max && end >= q.end && end < q.end_max;
  }
  return false;
}

// How a sample's GT carries the allele of this number; nullopt: it does not.
std::optional<Carrier::Zygosity> carried(ByteView column, size_t gt_at, size_t allele) {
  for (; gt_at > 0; --gt_at) {
    const size_t colon = column.find(':');
    if (colon == ByteView::npos) return std::nullopt;
    column.remove_prefix(colon + 1);
  }
  column = column.substr(0, column.find(':'));
  const std::string number = std::to_string(allele);
  size_t called = 0, own = 0;
  for (size_t at = 0; at <= column.size();) {
    const size_t end = std::min(column.find_first_of("/|", at), column.size());
    const ByteView one = column.substr(at, end - at);
    if (!one.empty()) ++called;
    if (one == number) ++own;
    at = end + 1;
  }
  if (own == 0) return std::nullopt;
  if (called == 1) return Carrier::Zygosity::hemizygous;
  return own == called ? Carrier::Zygosity::homozygous : Carrier::Zygosity::heterozygous;
}

std::optional<size_t> gt_place(ByteView format) {
  for (size_t n = 0;; ++n) {
    const size_t colon = format.find(':');
    if (format.substr(0, colon) == "GT") return n;
    if (colon == ByteView::npos) return std::nullopt;
    format.remove_prefix(colon + 1);
  }
}

}  // namespace

std::string to_string(const AlleleKey& key) {
  return key.contig + "~" + std::to_string(key.position) + "~" + key.ref + "~" + key.alt;
}

std::optional<AlleleKey> allele_key_of(std::string_view text) {
  AlleleKey out;
  std::string_view parts[3];
  for (std::string_view& part : parts) {
    const size_t at = text.rfind('~');
    if (at == std::string_view::npos) return std::nullopt;
    part = text.substr(at + 1);
    text = text.substr(0, at);
  }
  const auto [end, wrong] =
      std::from_chars(parts[2].data(), parts[2].data() + parts[2].size(), out.position);
  if (wrong != std::errc() || end != parts[2].data() + parts[2].size()) return std::nullopt;
  if (text.empty() || parts[1].empty() || parts[0].empty()) return std::nullopt;
  if (out.position > static_cast<uint32_t>(INT32_MAX)) return std::nullopt;
  out.contig = text;
  out.ref = parts[1];
  out.alt = parts[0];
  return out;
}

std::string allele_type(std::string_view ref, std::string_view alt) {
  if (alt.starts_with('<')) {
    return upper(alt.substr(1, alt.find_first_of(":>") - 1));
  }
  if (alt.find_first_of("[]") != std::string_view::npos) return "BND";
  if (ref.size() == alt.size()) return ref.size() == 1 ? "SNP" : "MNP";
  return alt.size() > ref.size() ? "INS" : "DEL";
}

std::optional<Region> region_of(const AlleleQuery& q, const FileHeader& header) {
  auto tid = header.find(q.reference);
  if (!tid) {
    tid = q.reference.starts_with("chr") ? header.find(q.reference.substr(3))
                                         : header.find("chr" + q.reference);
  }
  if (!tid) return std::nullopt;
  Region out{*tid, q.begin, q.end};
  if (q.kind == AlleleQuery::Kind::exact) {
    // Bases in common may be written before it.
    const uint64_t reach = uint64_t{q.begin} + std::max<size_t>(q.ref ? q.ref->size() : 0, 1) + 1;
    out.begin = q.begin > 0 ? q.begin - 1 : 0;
    out.end = static_cast<uint32_t>(std::min<uint64_t>(reach, kToTheEnd));
  } else if (q.kind == AlleleQuery::Kind::bracket) {
    out.end = q.begin_max;
  }
  return out;
}

Status search_alleles(VariantScan& scan, const AlleleQuery& q, AlleleBounds& bounds,
                      FoundAlleles& found) {
  const VcfHeader& header = scan.header();
  while (true) {
    MEDARC_ASSIGN(const ByteView line, scan.next());
    if (line.empty()) return {};
    if (bounds.records_left == 0) {
      return make_error(Code::too_large, "more variants than beacon.records_max lie there");
    }
    --bounds.records_left;
    MEDARC_ASSIGN(const VcfColumns c, split_vcf_line(line, 0));
    const RecordFacts place = place_of_vcf(c, header.info_end);
    const auto begin = static_cast<uint32_t>(place.begin), end = static_cast<uint32_t>(place.end);
    if (c.alt == "." || !lies_right(begin, end, q)) continue;
    const auto gt_at = c.samples.empty() ? std::nullopt : gt_place(c.format);
    size_t number = 0;
    for (size_t at = 0; at <= c.alt.size();) {
      const size_t comma = std::min(c.alt.find(',', at), c.alt.size());
      const ByteView alt = c.alt.substr(at, comma - at);
      at = comma + 1;
      ++number;
      if (alt == "*" || alt == "<*>" || alt == "<NON_REF>") continue;
      const std::string type = allele_type(c.ref, alt);
      const uint64_t bases = std::max<uint64_t>(
          std::max(c.ref.size(), alt.starts_with('<') ? size_t{0} : alt.size()), end - begin);
      if (!has_type(type, q) || bases < q.bases_min || bases > q.bases_max) continue;
      if (!has_bases(begin, c.ref, alt, q)) continue;
      std::vector<Carrier> carriers;
      ByteView rest = c.samples;
      for (size_t i = 0; gt_at && i < header.file.samples.size(); ++i) {
        const std::string& sample = header.file.samples[i];
        const size_t tab = std::min(rest.find('\t'), rest.size());
        const ByteView column = rest.substr(0, tab);
        rest.remove_prefix(std::min(tab + 1, rest.size()));
        if (!q.sample.empty() && q.sample != sample) continue;
        if (const auto how = carried(column, *gt_at, number)) carriers.push_back({sample, *how});
      }
      if (carriers.empty() && (gt_at || !q.sample.empty())) continue;
      FoundAllele& one =
          found[{std::string(c.contig), c.position, std::string(c.ref), std::string(alt)}];
      if (found.size() > bounds.alleles_max) {
        return make_error(Code::too_large, "more alleles than beacon.alleles_max lie there");
      }
      one.end = end;
      one.type = type;
      if (one.id.empty() && c.id != ".") one.id = std::string(c.id);
      one.carriers.insert(one.carriers.end(), carriers.begin(), carriers.end());
      if (bounds.first_only) return {};
    }
  }
}

}  // namespace medarc::genomics
