#include <set>

#include "genomics/bam_sort.h"

namespace medarc::genomics {
namespace {

// The fields of a header line, without its type.
std::vector<std::string_view> fields_of(std::string_view line) {
  std::vector<std::string_view> out;
  for (size_t tab = line.find('\t'); tab != std::string_view::npos;) {
    const size_t next = line.find('\t', tab + 1);
    out.push_back(line.substr(tab + 1, next == std::string_view::npos ? next : next - tab - 1));
    tab = next;
  }
  return out;
}

std::string sorted_hd(std::string_view line) {
  std::string out = "@HD";
  bool version = false, order = false;
  for (const std::string_view field : fields_of(line)) {
    if (field.starts_with("GO:") || field.starts_with("SS:")) continue;
    version = version || field.starts_with("VN:");
    const bool is_order = field.starts_with("SO:");
    if (is_order && order) continue;
    order = order || is_order;
    out += '\t';
    out += is_order ? std::string_view("SO:coordinate") : field;
  }
  if (!version) out.insert(3, "\tVN:1.6");
  if (!order) out += "\tSO:coordinate";
  return out + '\n';
}

}  // namespace

std::string sorted_header_text(std::string_view text, std::string_view program,
                               const Digest& content) {
  std::string hd = sorted_hd("@HD"), rest;
  bool hd_seen = false;
  std::set<std::string, std::less<>> programs;
  std::string last;  // the program that wrote last
  while (!text.empty()) {
    const size_t end = std::min(text.find('\n'), text.size());
    std::string_view line = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    if (line.ends_with('\r')) line.remove_suffix(1);
    if (line.starts_with("@HD\t") && !hd_seen) {
      hd = sorted_hd(line);
      hd_seen = true;
      continue;
    }
    if (line.starts_with("@PG\t")) {
      for (const std::string_view field : fields_of(line)) {
        if (!field.starts_with("ID:")) continue;
        last = field.substr(3);
        programs.emplace(last);
      }
    }
    rest += line;
    rest += '\n';
  }
  std::string id = "medarc";
  for (int n = 1; programs.contains(id); ++n) id = "medarc." + std::to_string(n);
  const size_t blank = program.find(' ');
  std::string pg = "@PG\tID:" + id + "\tPN:" + std::string(program.substr(0, blank));
  if (blank != std::string_view::npos) pg += "\tVN:" + std::string(program.substr(blank + 1));
  if (!last.empty()) pg += "\tPP:" + last;
  pg += "\tDS:sorted by coordinate; the original has sha256 " + content.hex() + "\n";
  return hd + rest + pg;
}

}  // namespace medarc::genomics
