#include "dicom/server.h"

#include <algorithm>
#include <condition_variable>
#include <map>
#include <mutex>
#include <system_error>
#include <thread>
#include <vector>

#include "base/log.h"
#include "base/metrics.h"
#include "dicom/dimse/service.h"
#include "dicom/ul/acceptor.h"
#include "dicom/ul/association.h"
#include "dicom/ul/negotiation.h"
#include "dicom/ul/requestor.h"
#include "dicom/ul/slots.h"

namespace medarc::dicom {
namespace {

void count_rejected(std::string_view reason) {
  counter("medarc_dimse_associations_rejected_total", "A-ASSOCIATE-RJ sent.",
          "reason=\"" + std::string(reason) + "\"")
      .add();
}

// The transfer syntaxes that are preferred of a peer, before the others that it proposes.
ul::AssociateRq preferring(ul::AssociateRq rq, const std::vector<std::string>& preferred) {
  const auto place = [&](const std::string& syntax) {
    return std::find(preferred.begin(), preferred.end(), syntax);
  };
  for (ul::ProposedContext& context : rq.contexts) {
    std::stable_sort(context.transfer_syntaxes.begin(), context.transfer_syntaxes.end(),
                     [&](const auto& a, const auto& b) { return place(a) < place(b); });
  }
  return rq;
}

// An association that holds a slot.
struct Admitted {
  uint64_t id = 0;
  std::string peer, aet;
  std::shared_ptr<const security::Peer> agreed;  // null: nothing particular
  bool known = true;
  security::Principal principal;
};

class AssociationServer : public Server {
 public:
  AssociationServer(const ServerOptions& options, const Limits& limits, Imaging& imaging,
                    security::Authenticator& authenticator)
      : options_(options),
        limits_(limits),
        imaging_(imaging),
        authenticator_(authenticator),
        slots_(limits) {
    policy_.aet = ul::trim_title(options.aet);
    policy_.any_called_aet = options.any_called_aet;
    policy_.private_sop_classes = options.private_sop_classes;
    policy_.commitment = options.commitments != nullptr || options.commitment_receiver != nullptr;
    policy_.worklist = options.work_list != nullptr;
    policy_.pdu_bytes_max = limits.pdu_bytes_max;
    policy_.async_operations_max = limits.async_operations_max;
  }

  Status listen() {
    std::lock_guard lock(mutex_);  // no offer is looked at before acceptor_ is there
    MEDARC_ASSIGN(acceptor_, door(options_.address, options_.port, nullptr));
    port_ = acceptor_->port();
    if (options_.tls == nullptr) return {};
    MEDARC_ASSIGN(tls_acceptor_, door(options_.tls_address, options_.tls_port, options_.tls));
    tls_port_ = tls_acceptor_->port();
    return {};
  }

  ~AssociationServer() override { stop(0); }
  uint16_t port() const override { return port_; }
  uint16_t tls_port() const override { return tls_port_; }

  void stop(uint32_t drain_ms) override {
    std::unique_lock lock(mutex_);
    stopping_ = true;
    lock.unlock();
    for (const auto& acceptor : {acceptor_.get(), tls_acceptor_.get()}) {
      if (acceptor != nullptr) acceptor->stop();
    }
    lock.lock();
    signals_.drain.raise();
    ended_.wait_for(lock, std::chrono::milliseconds(drain_ms), [&] { return slots_.taken() == 0; });
    signals_.kill.raise();
    ended_.wait(lock, [&] { return slots_.taken() == 0; });
    auto threads = std::exchange(threads_, {});
    done_.clear();
    lock.unlock();
    for (auto& [id, thread] : threads) thread.join();
  }

 private:
  Result<std::unique_ptr<ul::Acceptor>> door(const std::string& address, uint16_t port,
                                             std::shared_ptr<security::TlsContext> tls) {
    return ul::Acceptor::start(
        address, port, limits_, std::move(tls),
        [this](ul::Connection& connection, ul::AssociateRq& rq) { return offer(connection, rq); });
  }

  // In the acceptor's thread: may this association begin? Then it gets a thread of its own.
  std::optional<ul::AssociateRj> offer(ul::Connection& connection, ul::AssociateRq& rq) {
    std::lock_guard lock(mutex_);
    join_done();
    if (auto no = ul::refusal(rq, policy_)) return reject(*no, "request", connection);
    const std::string calling(ul::trim_title(rq.fixed.calling));
    const security::Caller caller{calling, connection.peer, connection.channel.certificate_names()};
    auto principal = authenticator_.association(caller);
    if (principal.has_error()) {
      const Code code = principal.error().code;
      const bool unknown = code == Code::unauthenticated || code == Code::permission_denied;
      return reject(unknown ? ul::kCallingAetUnknown : ul::kCongestion, "calling_aet", connection);
    }
    Admitted who;
    who.id = ++last_id_;
    who.peer = connection.peer;
    // Without configured peers nobody is better known than another, and nothing is held back.
    who.known = !authenticator_.peers_configured() || authenticator_.known_peer(caller);
    who.principal = std::move(*principal);
    if (stopping_) return reject(ul::kCongestion, "stopping", connection);
    who.aet = calling;
    if (options_.peers != nullptr) who.agreed = options_.peers->find(calling);
    const uint32_t own_max = who.agreed != nullptr ? who.agreed->associations_max : 0;
    if (const auto own = by_aet_.find(calling);
        own_max != 0 && own != by_aet_.end() && own->second >= own_max) {
      return reject(ul::kLocalLimit, "limit", connection);
    }
    if (auto no = slots_.take(who.peer, who.known)) return reject(*no, "limit", connection);
    ++by_aet_[calling];

    auto taken = std::make_shared<ul::Connection>(std::move(connection));
    try {
      threads_[who.id] =
          std::thread([this, who, taken, rq = std::move(rq)] { run(who, std::move(*taken), rq); });
    } catch (const std::system_error&) {
      threads_.erase(who.id);
      give_back(who);
      connection = std::move(*taken);
      return reject(ul::kCongestion, "threads", connection);
    }
    return std::nullopt;
  }

  // Its slot; under mutex_.
  void give_back(const Admitted& who) {
    slots_.give_back(who.peer, who.known);
    if (const auto own = by_aet_.find(who.aet); --own->second == 0) by_aet_.erase(own);
  }

  std::optional<ul::AssociateRj> reject(const ul::AssociateRj& rj, std::string_view reason,
                                        const ul::Connection& connection) {
    count_rejected(reason);
    log(medarc::Level::warn, "association.rejected",
        {{"peer", connection.peer}, {"reason", reason}});
    return rj;
  }

  // The thread of one association, from its request to its end.
  void run(const Admitted& who, ul::Connection connection, const ul::AssociateRq& rq) {
    static Counter& all = counter("medarc_dimse_associations_total", "Associations accepted.");
    static Gauge& now = gauge("medarc_dimse_associations", "Associations that run.");
    all.add();
    now.add(1);
    log(medarc::Level::debug, "association.begin",
        {{"peer", who.peer}, {"principal", who.principal.id}});
    const Status ended = talk_safely(who, std::move(connection), rq);
    log(ended.has_error() ? medarc::Level::warn : medarc::Level::info, "association.end",
        {{"peer", who.peer},
         {"principal", who.principal.id},
         {"how", ended.has_error() ? ended.error().text : std::string("released")}});
    now.add(-1);
    std::lock_guard lock(mutex_);
    give_back(who);
    done_.push_back(who.id);
    ended_.notify_all();
  }

  // Blocks: what verifies a secret may be slow on purpose.
  Result<security::Identified> identify(const Admitted& who, const ul::AssociateRq& rq) {
    if (options_.identities == nullptr) return security::Identified{who.principal, false};
    const std::string_view aet = ul::trim_title(rq.fixed.calling);
    const auto& shown = rq.user.identity;
    if (!shown) return options_.identities->identify(who.principal, aet, std::nullopt);
    using Kind = security::ShownIdentity::Kind;
    const Kind kind = shown->type == ul::kIdentityName       ? Kind::name
                      : shown->type == ul::kIdentityPasscode ? Kind::name_and_passcode
                      : shown->type == ul::kIdentityToken    ? Kind::token
                                                             : Kind::other;
    const security::ShownIdentity identity{kind, shown->primary, shown->secondary};
    return options_.identities->identify(who.principal, aet, identity);
  }

  Status refuse_identity(const Admitted& who, ul::Association& association) {
    count_rejected("identity");
    log(medarc::Level::warn, "association.rejected",
        {{"peer", who.peer}, {"principal", who.principal.id}, {"reason", "identity"}});
    if (options_.guard != nullptr) {
      // Who has no role is refused, and that is audited.
      security::Principal nobody = who.principal;
      nobody.roles.clear();
      (void)options_.guard->authorise(nobody, security::Action::find,
                                      {security::Domain::images, "association", "user identity"});
    }
    (void)association.send(ul::encode(ul::kIdentityRefused));
    return make_error(Code::unauthenticated, "the user identity was refused");
  }

  Status talk(const Admitted& who, ul::Connection connection, const ul::AssociateRq& rq) {
    auto agreement = who.agreed == nullptr || who.agreed->transfer_syntaxes.empty()
                         ? ul::agree(rq, policy_)
                         : ul::agree(preferring(rq, who.agreed->transfer_syntaxes), policy_);
    const bool agreed = agreement.has_value();
    auto identified = identify(who, rq);
    if (agreed && identified.has_value() && identified->confirmed &&
        rq.user.identity->response_wanted) {
      agreement->answer.user.identity_response = Bytes();
    }
    ul::Association association(
        std::move(connection), agreed ? std::move(*agreement) : ul::Agreement(), limits_, signals_);
    Status ended;
    if (!agreed) {
      association.abort(2, ul::kAbortInvalidParameter);
      ended = std::move(agreement).error();
    } else if (identified.has_error()) {
      ended = refuse_identity(who, association);
    } else if (ended = association.accept(); ended.has_value()) {
      ended = dimse::serve(
          association, imaging_, identified->principal, limits_,
          {policy_.aet, options_.warn_status, options_.destinations, signals_, options_.commitments,
           options_.work_list, options_.lossy_to_peers, options_.study_notes,
           options_.commitment_receiver, suboperations_max(who), options_.quirks.get()});
    }
    acceptor_->drain(association.into_drain());
    return ended;
  }

  uint32_t suboperations_max(const Admitted& who) const {
    const uint32_t own = who.agreed != nullptr ? who.agreed->suboperations_max : 0;
    return own == 0 ? options_.suboperations_max : std::min(own, options_.suboperations_max);
  }

  // As talk, but an exception (no memory) ends this association and not the others.
  Status talk_safely(const Admitted& who, ul::Connection connection, const ul::AssociateRq& rq) {
    try {
      return talk(who, std::move(connection), rq);
    } catch (const std::exception&) {
      return make_error(Code::internal, "ended by an exception");
    }
  }

  void join_done() {
    for (const uint64_t id : done_) {
      threads_.at(id).join();
      threads_.erase(id);
    }
    done_.clear();
  }

  const ServerOptions options_;
  const Limits limits_;
  Imaging& imaging_;
  security::Authenticator& authenticator_;
  ul::Policy policy_;
  ul::StopSignals signals_;
  std::unique_ptr<ul::Acceptor> acceptor_, tls_acceptor_;
  uint16_t port_ = 0, tls_port_ = 0;

  std::mutex mutex_;
  std::condition_variable ended_;
  bool stopping_ = false;
  uint64_t last_id_ = 0;
  ul::Slots slots_;
  std::map<std::string, uint32_t> by_aet_;  // associations that run; no zero entries
  std::map<uint64_t, std::thread> threads_;
  std::vector<uint64_t> done_;  // threads that have nothing left to do but be joined
};

}  // namespace

Result<std::unique_ptr<Server>> Server::start(ServerOptions options, Limits limits,
                                              Imaging& imaging,
                                              security::Authenticator& authenticator) {
  if (const size_t n = ul::trim_title(options.aet).size(); n == 0 || n > 16) {
    return make_error(Code::invalid_argument, "an AE title has 1 to 16 characters");
  }
  ul::raise_descriptor_limit();
  auto out = std::make_unique<AssociationServer>(options, limits, imaging, authenticator);
  MEDARC_TRY(out->listen());
  return std::unique_ptr<Server>(std::move(out));
}

}  // namespace medarc::dicom
