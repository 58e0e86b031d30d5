// medarc consent: what genome files may be used for, and what of them is withheld (GA4GH DUO). On a
// stopped archive, or with --server on a running one.
#include <boost/json/array.hpp>

#include "genomics/duo.h"
#include "tools/consent_book.h"
#include "tools/server_call.h"
#include "web/text.h"

namespace medarc::tools {
namespace {

namespace json = boost::json;

struct ConsentOptions {
  Common common;
  std::string server, token_file, file;
  std::vector<std::string> use, withhold, regions;
  bool no_terms = false, no_regions = false;
  std::optional<uint64_t> version;

  Result<std::unique_ptr<ConsentBook>> book() const {
    return server.empty() ? open_consent_book(common)
                          : call_consent_book(common, server, token_file);
  }
};
using Run = Result<int> (*)(const ConsentOptions&);

const json::array& list_in(const json::value& object, const char* name) {
  static const json::array kNone;
  const json::object* in = object.if_object();
  const json::value* found = in == nullptr ? nullptr : in->if_contains(name);
  return found != nullptr && found->is_array() ? found->get_array() : kNone;
}

// "DUO:0000007=MONDO:0005015 (DS, disease specific research)"
std::string described(const json::value& term) {
  std::string out = text_at(term, "id");
  if (const auto qualifier = text_at(term, "qualifier"); !qualifier.empty()) out += "=" + qualifier;
  if (const auto label = text_at(term, "label"); !label.empty()) {
    out += " (" + text_at(term, "abbreviation") + ", " + label + ")";
  }
  return out;
}

// With --json the object as it is; else a line for each term and region.
void print_consent(const Common& common, const json::object& consent) {
  if (common.json) return print_result(common, consent);
  json::object head = consent;
  head.erase("terms");
  head.erase("regions");
  print_result(common, head);
  const json::value all = consent;
  const json::array &terms = list_in(all, "terms"), &regions = list_in(all, "regions");
  for (const json::value& term : terms) print_result(common, {{"use", described(term)}});
  for (const json::value& region : regions) {
    const std::string place = text_at(region, "region");
    if (list_in(region, "terms").empty()) print_result(common, {{"withheld", place}});
    for (const json::value& term : list_in(region, "terms")) {
      print_result(common, {{"region", place + " " + described(term)}});
    }
  }
  if (terms.empty() && regions.empty()) print_result(common, {{"consent", "none"}});
}

// Read here already, so that an error names the term.
Result<json::array> terms_of(const std::vector<std::string>& texts) {
  json::array out;
  for (const std::string& text : texts) {
    for (const std::string_view term : web::split_list(text, ',')) {
      const auto read = genomics::parse_duo_term(term);
      if (read.has_error()) return with_context(read.error(), term);
      out.push_back(json::value(genomics::to_string(*read)));
    }
  }
  return out;
}

Result<json::array> regions_of(const ConsentOptions& options) {
  json::array out;
  for (const std::string& region : options.withhold) {
    // Taken for the region's name, a slip here would be an error about a name.
    if (region.find('=') != std::string::npos) {
      return make_error(Code::invalid_argument,
                        "--withhold: a region alone, chr1:101-200; one with terms goes with "
                        "--region");
    }
    out.push_back(json::object{{"region", region}});
  }
  for (const std::string& region : options.regions) {
    const size_t equals = region.find('=');
    if (equals == std::string::npos || equals + 1 == region.size()) {
      return make_error(Code::invalid_argument,
                        "--region: a region and its terms, chr1:101-200=HMB,IRB; one without terms "
                        "goes with --withhold");
    }
    MEDARC_ASSIGN(json::array terms, terms_of({region.substr(equals + 1)}));
    out.push_back(json::object{{"region", region.substr(0, equals)}, {"terms", std::move(terms)}});
  }
  return out;
}

Result<int> show(const ConsentOptions& options) {
  MEDARC_ASSIGN(const auto book, options.book());
  MEDARC_ASSIGN(const json::object consent, book->show(options.file));
  print_consent(options.common, consent);
  return kExitDone;
}

// What is not named stays as it is: a new term must not set free what was withheld.
Result<int> set(const ConsentOptions& options) {
  const bool terms = !options.use.empty() || options.no_terms;
  const bool regions = !options.withhold.empty() || !options.regions.empty() || options.no_regions;
  if (!terms && !regions) {
    return make_error(Code::invalid_argument,
                      "say what is to be set: --use HMB, --withhold chr1:101-200, --region "
                      "chr1:101-200=HMB, --no-terms or --no-regions");
  }
  MEDARC_ASSIGN(const json::array new_terms, terms_of(options.use));
  MEDARC_ASSIGN(const json::array new_regions, regions_of(options));
  MEDARC_ASSIGN(const auto book, options.book());
  MEDARC_ASSIGN(json::object consent, book->show(options.file));
  std::optional<uint64_t> version = options.version;
  if (!version) {
    const json::value* held = consent.if_contains("version");
    boost::system::error_code failed;
    if (held != nullptr) version = held->to_number<uint64_t>(failed);
    if (held == nullptr || failed) return no_medarc_answer();
  }
  if (terms) consent["terms"] = new_terms;
  if (regions) consent["regions"] = new_regions;
  MEDARC_ASSIGN(consent, book->set(options.file, consent, version));
  print_consent(options.common, consent);
  return kExitDone;
}

Result<int> clear(const ConsentOptions& options) {
  MEDARC_ASSIGN(const auto book, options.book());
  MEDARC_ASSIGN(const json::object consent, book->set(options.file, {}, options.version));
  print_consent(options.common, consent);
  return kExitDone;
}

CLI::App& add(CLI::App& above, const char* name, const char* meaning, Run run,
              const std::shared_ptr<ConsentOptions>& options, int& exit_code) {
  CLI::App* sub = above.add_subcommand(name, meaning);
  options->common.add_to(*sub);
  sub->add_option("--server", options->server,
                  "URL of a running server (http://127.0.0.1:8042); else the stopped archive");
  sub->add_option("--token-file", options->token_file,
                  "File with an administrator's token, for --server");
  sub->add_option("file", options->file, "Id of the genome file")->required();
  if (run != show) {
    sub->add_option("--version", options->version,
                    "Only if this is the version that is there, as `show` says it; 0: none");
  }
  sub->callback([options, run, &exit_code] {
    const Result<int> code = run(*options);
    exit_code = code.has_error() ? fail(code.error()) : *code;
  });
  return *sub;
}

}  // namespace

void add_consent(CLI::App& app, int& exit_code) {
  CLI::App* verb = app.add_subcommand(
      "consent", "What a genome file may be used for, and what of it is withheld");
  verb->require_subcommand(1);
  add(*verb, "show", "The terms of a file and of its regions", show,
      std::make_shared<ConsentOptions>(), exit_code);
  const auto options = std::make_shared<ConsentOptions>();
  CLI::App& change =
      add(*verb, "set", "Set terms or regions; what is not named stays", set, options, exit_code);
  CLI::Option* use = change.add_option("--use", options->use,
                                       "Terms of the file: DUO:0000006 or HMB, "
                                       "DS=MONDO:0005015; between blanks or commas");
  CLI::Option* withhold = change.add_option("--withhold", options->withhold,
                                            "Regions that nobody is given: chr1:101-200");
  CLI::Option* regions = change.add_option("--region", options->regions,
                                           "Regions with terms of their own: chr1:101-200=HMB,IRB");
  change.add_flag("--no-terms", options->no_terms, "The file has no terms any more")->excludes(use);
  change.add_flag("--no-regions", options->no_regions, "No region is told apart any more")
      ->excludes(withhold)
      ->excludes(regions);
  add(*verb, "clear", "Take all consent away: the file is read as one that never had any", clear,
      std::make_shared<ConsentOptions>(), exit_code);
}

}  // namespace medarc::tools
