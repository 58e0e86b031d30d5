#include "web/dicomweb/worklist.h"

#include "dicom/sop_class.h"
#include "web/accept.h"
#include "web/dicomweb/doors.h"
#include "web/dicomweb/model_forms.h"
#include "web/http_error.h"
#include "web/text.h"
#include "web/url.h"

namespace medarc::web {
namespace {

using dicom::DataSet;
using namespace dicom::worklist;  // the statuses

struct WorklistContext {
  Worklist& worklist;
  DicomwebOptions options;
};
using WorklistContextPtr = std::shared_ptr<const WorklistContext>;
using Transaction = Response (*)(const WorklistContext&, const Request&, DataSet body);

std::string work_item_url(const Request& request, const std::string& uid) {
  return request.base_url + std::string(kRoot) + "/workitems/" + percent_encode(uid);
}

void warn(Response& response, const Request& request, std::string_view text) {
  if (text.empty()) return;
  response.headers.add("Warning",
                       "299 " + request.base_url + std::string(kRoot) + ": " + std::string(text));
}

// PS3.18 11.4.3 to 11.12.3: what is wrong with the request itself is 400; what the state of the
// item forbids is 409 (U2).
int status_of(const Reply& reply, int success) {
  if (!reply.failed()) return success;
  switch (reply.status) {
    case kNoSuchItem: return reply.gone ? 410 : 404;
    case kUidTaken:
    case kMayNoLongerChange:
    case kAlreadyInProgress:
    case kFinalRequirements:
    case kNotInProgress:
    case kCompletedAlready:
    case kPerformerUnreachable: return 409;
    default: return 400;
  }
}

// The words of tables 11.6.3-2 and 11.7.3-2.
std::string_view warning_of(const Reply& reply) {
  switch (reply.status) {
    case kWrongTransaction:
      return reply.unclaimed ? "The Transaction UID is missing."
                             : "The Transaction UID is incorrect.";
    case kMayNoLongerChange:
    case kAlreadyInProgress:
    case kScheduledByCreationOnly:
    case kFinalRequirements:
      return "The submitted request is inconsistent with the state of the UPS Instance.";
    case kNotInProgress: return "The target URI did not reference a claimed Workitem.";
    default: return reply.text;
  }
}

Response answer_of(const Result<Reply>& reply, const Request& request, int success) {
  if (reply.has_error()) return problem(reply.error());
  Response response;
  response.status = status_of(*reply, success);
  if (reply->failed()) {
    const Code code = response.status == 404   ? Code::not_found
                      : response.status == 410 ? Code::gone
                      : response.status == 409 ? Code::conflict
                                               : Code::invalid_argument;
    response = problem(response.status, make_error(code, reply->text));
  }
  warn(response, request, warning_of(*reply));
  return response;
}

// A route whose request holds a data set.
Route with_body(const WorklistContextPtr& context, std::string method, std::string path,
                std::string summary, Transaction transaction) {
  Route route{
      std::move(method), std::string(kRoot) + std::move(path), std::move(summary),
      [context, transaction](const Request& request) -> Answer {
        const auto form = model_body_form(request);
        if (!form) {
          return problem(make_error(Code::unsupported,
                                    "work items are taken as application/dicom+json or +xml"),
                         true);
        }
        const dicom::DataSetLimits& limits = context->worklist.options().item;
        return collect_body(limits.bytes_max,
                            [context, transaction, request, form, limits](Bytes body) -> Response {
                              if (body.empty()) return transaction(*context, request, {});
                              auto read = read_model_body(*form, body, limits);
                              if (read.has_error()) return problem(read.error(), true);
                              return transaction(*context, request, std::move(*read));
                            });
      }};
  route.body_bytes_max = context->worklist.options().item.bytes_max;
  return route;
}

// A UID given as a parameter of one of these names, or alone: ?1.2.3.
std::string uid_parameter(const Request& request, std::initializer_list<std::string_view> names) {
  for (const auto& [name, value] : request.query) {
    for (const std::string_view wanted : names) {
      if (equal_ignoring_case(name, wanted)) return value;
    }
    if (value.empty() && name.find('.') != std::string::npos && dicom::plausible_uid(name)) {
      return name;
    }
  }
  return {};
}

Response create(const WorklistContext& context, const Request& request, DataSet item) {
  std::string uid = uid_parameter(request, {"workitem", "AffectedSOPInstanceUID"});
  const std::string inside(item.first(kSopInstance));
  if (uid.empty()) uid = inside;
  if (!inside.empty() && inside != uid) {
    return problem(make_error(Code::invalid_argument, "two different UIDs for one work item"));
  }
  const auto made = context.worklist.create(at_door(request), uid, std::move(item));
  Response response = answer_of(made, request, 201);
  if (response.status == 201) {
    response.headers.add("Location", work_item_url(request, uid));
    response.headers.add("Content-Location", work_item_url(request, uid));
  }
  return response;
}

Response update(const WorklistContext& context, const Request& request, DataSet changes) {
  const std::string transaction = uid_parameter(request, {"transaction-uid", "transaction"});
  return answer_of(
      context.worklist.update(at_door(request), request.captures[0], transaction, changes), request,
      200);
}

Response change_state(const WorklistContext& context, const Request& request, DataSet wanted) {
  return answer_of(context.worklist.change_state(at_door(request), request.captures[0], wanted),
                   request, 200);
}

// The web has no AE titles; who asks is named in the way of one.
std::string requestor_of(const Request& request) {
  std::string out;
  for (const char c : request.principal.id.substr(0, 16)) {
    out += c > ' ' && c < 0x7F && c != '\\' ? c : '_';
  }
  return out;
}

Response request_cancel(const WorklistContext& context, const Request& request, DataSet info) {
  return answer_of(context.worklist.request_cancel(at_door(request), request.captures[0], info,
                                                   requestor_of(request)),
                   request, 202);
}

Response retrieve(const WorklistContext& context, const Request& request) {
  const auto form = model_form(request);
  if (form.has_error()) return problem(form.error());
  auto got = context.worklist.retrieve(at_door(request), request.captures[0]);
  if (got.has_error()) return problem(got.error());
  if (got->reply.failed()) return answer_of(got->reply, request, 200);
  const std::string item = to_json(got->item);
  Response response = model_answer(200, *form, *form == ModelForm::json ? "[" + item + "]" : item);
  response.headers.add("Cache-Control", "no-cache");
  response.headers.add("Vary", "Accept");
  return response;
}

Response subscribe(const WorklistContext& context, const Request& request) {
  Subscription wanted{request.captures[0], request.captures[1], false, true, {}};
  std::vector<std::pair<std::string, std::string>> keys;
  for (const auto& [name, value] : request.query) {
    if (name == "deletionlock") {
      if (value != "true" && value != "false") {
        return problem(make_error(Code::invalid_argument, "deletionlock is true or false"));
      }
      wanted.deletion_lock = value == "true";
    } else if (name == "filter") {  // filter=a=b,c=d; or each key by itself
      for (const std::string_view one : split_list(value, ',')) {
        const size_t equals = std::min(one.find('='), one.size());
        keys.emplace_back(one.substr(0, equals), one.substr(std::min(equals + 1, one.size())));
      }
    } else {
      keys.emplace_back(name, value);
    }
  }
  if (wanted.target == kFilteredItems) {
    auto filter = parse_work_item_filter(keys);
    if (filter.has_error()) return problem(filter.error());
    wanted.filter = std::move(*filter);
  }
  Response response = answer_of(context.worklist.subscribe(at_door(request), wanted), request, 201);
  if (response.status == 201) {
    std::string base = request.base_url;  // http://… to ws://…, https://… to wss://…
    base.replace(0, 4, "ws");
    response.headers.add("Content-Location",
                         base + std::string(kRoot) + "/subscribers/" + percent_encode(wanted.aet));
  }
  return response;
}

Response unsubscribe(const WorklistContext& context, const Request& request) {
  return answer_of(
      context.worklist.unsubscribe(at_door(request), request.captures[0], request.captures[1]),
      request, 200);
}

Response suspend(const WorklistContext& context, const Request& request) {
  return answer_of(
      context.worklist.suspend(at_door(request), request.captures[0], request.captures[1]), request,
      200);
}

class ChannelFeed final : public MessageFeed {
 public:
  explicit ChannelFeed(std::shared_ptr<Channel> channel) : channel_(std::move(channel)) {}
  std::optional<std::string> next() override { return channel_->next(); }
  std::optional<std::string> over() const override { return channel_->over(); }
  void on_change(std::function<void()> wake) override { channel_->on_change(std::move(wake)); }

 private:
  const std::shared_ptr<Channel> channel_;
};

Response open_channel(const WorklistContext& context, const Request& request) {
  if (!asks_for_websocket(request)) {
    Response response =
        problem(426, make_error(Code::unsupported, "events are sent over a WebSocket"));
    response.headers.set("Upgrade", "websocket");
    response.headers.set("Sec-WebSocket-Version", "13");
    return response;
  }
  auto channel = context.worklist.open_channel(at_door(request), request.captures[0]);
  if (channel.has_error()) return problem(channel.error());
  Response response;
  response.status = 101;
  response.feed = std::make_shared<ChannelFeed>(std::move(*channel));
  return response;
}

}  // namespace

std::vector<Route> worklist_routes(Worklist& worklist, DicomwebOptions options) {
  const auto context =
      std::make_shared<const WorklistContext>(WorklistContext{worklist, std::move(options)});
  std::vector<Route> out;
  const auto plain = [&](std::string method, std::string path, std::string summary,
                         Response (*answer)(const WorklistContext&, const Request&)) {
    out.push_back({std::move(method), std::string(kRoot) + std::move(path), std::move(summary),
                   [context, answer](const Request& request) -> Answer {
                     return answer(*context, request);
                   }});
  };
  out.push_back(with_body(context, "POST", "/workitems", "Create a work item (UPS-RS).", create));
  out.push_back(with_body(context, "POST", "/workitems/{workitem}", "Update a work item.", update));
  out.push_back(with_body(context, "PUT", "/workitems/{workitem}", "Update a work item.", update));
  out.push_back(with_body(context, "PUT", "/workitems/{workitem}/state",
                          "Claim, complete or cancel a work item.", change_state));
  out.push_back(with_body(context, "POST", "/workitems/{workitem}/cancelrequest",
                          "Ask for a work item to be canceled.", request_cancel));
  plain("GET", "/workitems", "Search for work items.",
        [](const WorklistContext& c, const Request& request) {
          return search_work_items(c.worklist, c.options, request);
        });
  plain("GET", "/workitems/{workitem}", "A work item.", retrieve);
  const std::string subscriber = "/workitems/{workitem}/subscribers/{aetitle}";
  plain("POST", subscriber, "Subscribe to a work item, or to all of them.", subscribe);
  plain("DELETE", subscriber, "End a subscription.", unsubscribe);
  plain("POST", subscriber + "/suspend", "No longer subscribe to new work items.", suspend);
  plain("GET", "/subscribers/{aetitle}", "The events of an application, over a WebSocket.",
        open_channel);
  return out;
}

}  // namespace medarc::web
