#include "web/dicomweb/capabilities.h"

#include <algorithm>
#include <map>
#include <memory>
#include <optional>
#include <set>

#include "dicom/pixel/codec_pool.h"
#include "dicom/transfer_syntax.h"
#include "web/accept.h"
#include "web/dicomweb/doors.h"
#include "web/dicomweb/model_forms.h"
#include "web/http_error.h"
#include "web/text.h"

namespace medarc::web {
namespace {

constexpr std::string_view kWadl = "application/vnd.sun.wadl+xml";
constexpr std::string_view kWadlNamespace = "http://wadl.dev.java.net/2009/02";

struct Method {
  std::string name, id, summary;
  std::vector<std::string> takes, gives;  // media types of bodies
};

// One segment of the paths, "{study}" or "studies", with those below it.
struct Resource {
  std::string segment, path;
  std::vector<Method> methods;
  std::map<std::string, std::unique_ptr<Resource>, std::less<>> below;
};

std::string related(std::string_view type) {
  return std::string(kRelated) + "; type=\"" + std::string(type) + "\"";
}

// Objects, in each transfer syntax there can be an answer in.
std::vector<std::string> object_types(bool one_instance) {
  std::vector<std::string> forms = {""};
  forms.emplace_back("; transfer-syntax=*");
  for (const dicom::TransferSyntax& syntax : dicom::transfer_syntaxes()) {
    if (syntax.uid != dicom::kExplicitLittle && !dicom::can_encode(syntax.uid)) continue;
    forms.push_back("; transfer-syntax=" + std::string(syntax.uid));
  }
  std::vector<std::string> out;
  for (const std::string& form : forms) out.push_back(related(kDicom) + form);
  if (one_instance) {
    for (const std::string& form : forms) out.push_back(std::string(kDicom) + form);
  }
  out.emplace_back(kZip);
  return out;
}

std::vector<std::string> pixel_types() {
  std::vector<std::string> out = {related(kOctets)};
  for (const dicom::TransferSyntax& syntax : dicom::transfer_syntaxes()) {
    const std::string type = related(syntax.media_type);
    if (syntax.media_type.empty() || std::find(out.begin(), out.end(), type) != out.end()) continue;
    out.push_back(type);
  }
  return out;
}

const std::vector<std::string>& model_types() {
  static const std::vector<std::string> types = {std::string(kDicomJson), related(kDicomXml)};
  return types;
}

// Of one data set.
std::vector<std::string> single_types() {
  return {std::string(kDicomJson), std::string(kDicomXml)};
}

// Of what GET answers, by the last segment of its path.
std::vector<std::string> types_given(std::string_view last) {
  if (last == "{study}" || last == "{series}") return object_types(false);
  if (last == "{instance}") return object_types(true);
  if (last == "original") return {std::string(kDicom)};
  if (last == "rendered" || last == "thumbnail") {
    return {"image/jpeg", "image/png", "image/gif", "application/pdf", "text/html", "text/xml"};
  }
  if (last == "pixeldata" || last == "{frames}") return pixel_types();
  if (last == "{path...}") return {std::string(kOctets), related(kOctets)};
  if (last == "{workitem}" || last == "{transaction}") return single_types();
  if (last == "{aetitle}") return {};  // a WebSocket
  for (const std::string_view own :
       {"completeness", "differences", "findings", "stable-studies", "versions"}) {
    if (last == own) return {"application/json"};
  }
  return model_types();
}

std::vector<std::string> types_taken(const Route& route) {
  if (route.method != "POST" && route.method != "PUT") return {};
  if (!route.path.starts_with(std::string(kRoot) + "/studies")) return single_types();
  return {related(kDicom),     related(kDicomJson),     related(kDicomXml),
          std::string(kDicom), std::string(kDicomJson), std::string(kDicomXml)};
}

bool is_parameter(std::string_view segment) { return segment.starts_with('{'); }

// The parameter's name, or the segment itself.
std::string plain_name(std::string_view segment) {
  if (!is_parameter(segment)) return std::string(segment);
  segment = segment.substr(1, segment.size() - 2);
  if (segment.ends_with("...")) segment.remove_suffix(3);
  return std::string(segment);
}

// "get-studies-study-series": a name in XML.
std::string id_of(const Route& route) {
  std::string out = to_lower_ascii(route.method);
  for (const std::string_view segment :
       split_list(std::string_view(route.path).substr(kRoot.size()), '/')) {
    out += "-" + plain_name(segment);
  }
  return out;
}

std::unique_ptr<Resource> tree_of(const std::vector<Route>& routes) {
  auto root = std::make_unique<Resource>();
  root->path = kRoot;
  for (const Route& route : routes) {
    if (!route.path.starts_with(std::string(kRoot) + "/")) continue;
    Resource* at = root.get();
    for (const std::string_view segment :
         split_list(std::string_view(route.path).substr(kRoot.size()), '/')) {
      std::unique_ptr<Resource>& next = at->below[std::string(segment)];
      if (!next) {
        next = std::make_unique<Resource>();
        next->segment = segment;
        next->path = at->path + "/" + std::string(segment);
      }
      at = next.get();
    }
    const bool reads = route.method == "GET";
    at->methods.push_back({route.method, id_of(route), route.summary, types_taken(route),
                           reads ? types_given(at->segment) : std::vector<std::string>()});
  }
  return root;
}

// "studies/{study}" of the path below the root.
std::string wadl_path(const Resource& resource, bool whole) {
  std::string out = whole ? resource.path.substr(kRoot.size() + 1) : resource.segment;
  if (const size_t dots = out.find("...}"); dots != std::string::npos) out.erase(dots, 3);
  return out;
}

void append_method(const Method& method, std::string& out) {
  out += "<method name=\"" + method.name + "\" id=\"" + method.id + "\"><doc>" +
         html_escape(method.summary) + "</doc>";
  if (!method.gives.empty() || !method.takes.empty()) {
    out += "<request>";
    if (!method.gives.empty()) {
      for (const char* style :
           {"name=\"Accept\" style=\"header\"", "name=\"accept\" style=\"query\""}) {
        out += std::string("<param ") + style + ">";
        for (const std::string& type : method.gives) {
          out += "<option value=\"" + html_escape(type) + "\"/>";
        }
        out += "</param>";
      }
    }
    for (const std::string& type : method.takes) {
      out += "<representation mediaType=\"" + html_escape(type) + "\"/>";
    }
    out += "</request>";
  }
  if (!method.gives.empty()) {
    out += "<response>";
    for (const std::string& type : method.gives) {
      out += "<representation mediaType=\"" + html_escape(type) + "\"/>";
    }
    out += "</response>";
  }
  out += "</method>";
}

// Templates are few and shallow, so these two may recurse.
void append_wadl(const Resource& resource, bool whole, std::string& out) {
  out += "<resource path=\"" + html_escape(wadl_path(resource, whole)) + "\">";
  const std::string path = whole ? resource.path : resource.segment;
  for (const std::string_view segment : split_list(path, '/')) {
    if (!is_parameter(segment)) continue;
    out += "<param name=\"" + plain_name(segment) + "\" style=\"template\" required=\"true\"/>";
  }
  for (const Method& method : resource.methods) append_method(method, out);
  for (const auto& [name, below] : resource.below) append_wadl(*below, false, out);
  out += "</resource>";
}

void append_list(const char* name, const std::vector<std::string>& texts, std::string& out) {
  if (texts.empty()) return;
  out += std::string(",\"") + name + "\":[";
  for (size_t i = 0; i < texts.size(); ++i) {
    out += i == 0 ? "" : ",";
    append_json_string(out, texts[i]);
  }
  out += ']';
}

void append_json(const Resource& resource, bool whole, std::string& out) {
  out += "{\"path\":" + json_string(wadl_path(resource, whole)) + ",\"methods\":[";
  for (size_t i = 0; i < resource.methods.size(); ++i) {
    const Method& method = resource.methods[i];
    out += (i == 0 ? "{\"name\":" : ",{\"name\":") + json_string(method.name) +
           ",\"id\":" + json_string(method.id) + ",\"doc\":" + json_string(method.summary);
    append_list("accept", method.gives, out);
    append_list("consumes", method.takes, out);
    out += '}';
  }
  out += "],\"resources\":[";
  bool first = true;
  for (const auto& [name, below] : resource.below) {
    out += first ? "" : ",";
    first = false;
    append_json(*below, false, out);
  }
  out += "]}";
}

// The root stands for its base URL; any other is one resource below it.
std::string description(const Resource& resource, const std::string& base, bool json) {
  std::vector<const Resource*> shown;
  const bool root = resource.segment.empty();
  if (!root) shown.push_back(&resource);
  for (const auto& [name, below] : resource.below) {
    if (root) shown.push_back(below.get());
  }
  std::string out;
  if (json) {
    out = "{\"base\":" + json_string(base) + ",\"resources\":[";
    for (const Resource* one : shown) {
      if (one != shown.front()) out += ',';
      append_json(*one, true, out);
    }
    return out + "]}";
  }
  out = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<application xmlns=\"" +
        std::string(kWadlNamespace) + "\"><resources base=\"" + html_escape(base) + "\">";
  for (const Resource* one : shown) append_wadl(*one, true, out);
  return out + "</resources></application>\n";
}

std::string allowed(const Resource& resource) {
  std::set<std::string> names;
  for (const Method& method : resource.methods) names.insert(method.name);
  std::string out;
  for (const std::string& name : names) out += name + (name == "GET" ? ", HEAD, " : ", ");
  return out + "OPTIONS";
}

Response answer(const Resource& resource, const Request& request) {
  std::optional<bool> json;
  if (!accept_given(request)) json = false;
  for (const MediaRange& range : accepted_types(request)) {
    if (json) break;
    if (range.media.covers(kWadl) || range.media.is("application/xml")) {
      json = false;
    } else if (range.media.covers("application/json")) {
      json = true;
    }
  }
  Response out;
  if (!json) {
    out =
        problem(make_error(Code::not_acceptable, "capabilities are described as " +
                                                     std::string(kWadl) + " or application/json"));
  } else {
    out = make_response(200, *json ? "application/json" : std::string(kWadl),
                        description(resource, request.base_url + std::string(kRoot), *json));
  }
  out.headers.set("Allow", allowed(resource));
  out.headers.set("Vary", "Accept");
  return out;
}

void add_routes(const std::shared_ptr<const Resource>& root, const Resource& resource,
                std::vector<Route>& out) {
  if (!resource.methods.empty() || &resource == root.get()) {
    Route route{"OPTIONS", resource.path, "Capabilities (PS3.18 8.9).",
                [root, &resource](const Request& request) { return answer(resource, request); }};
    route.open = true;
    out.push_back(std::move(route));
  }
  for (const auto& [name, below] : resource.below) add_routes(root, *below, out);
}

}  // namespace

std::vector<Route> capabilities_routes(const std::vector<Route>& others) {
  const std::shared_ptr<const Resource> root = tree_of(others);
  std::vector<Route> out;
  add_routes(root, *root, out);
  return out;
}

}  // namespace medarc::web
