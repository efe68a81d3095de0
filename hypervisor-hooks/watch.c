/*
 * watch.c - follows the lifecycle of libvirt's guests on this host and tells mrd.
 *
 *	homeport-watch [-f FILE] [-D MODULES]
 *
 * What libvirt's hooks do not tell: that a guest was paused for its move, that it runs, that
 * it has gone, that a migration failed. Events become words (the table below). Whenever one may
 * have been missed - at the start, when libvirtd was away, when mrd did not take a word - all
 * guests are looked at and told as they are, until mrd has heard it all.
 *
 * Reads libvirt, never changes anything there: a read-only connection will do.
 *
 * Layer: shell.
 */
#include <errno.h>
#include <libvirt/libvirt.h>
#include <libvirt/virterror.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "common/base/base.h"
#include "common/base/log.h"
#include "common/sys/notify.h"
#include "config.h"
#include "hypervisor-hooks/hv_conf.h"
#include "hypervisor-hooks/hv_mrd.h"
#include "hypervisor-hooks/hv_seen.h"

#define AGAIN_MS 500	  /* after a failure: look at everything again */
#define WORD_MS 2500	  /* mrd answers a word in less, or is taken to be away */
#define KEEPALIVE_S 5	  /* libvirtd is asked whether it lives */
#define KEEPALIVE_COUNT 3 /* and gone when so many stay unanswered */

enum word { NOTHING, INCOMING, RUNNING, SUSPENDED, GONE, GONE_FOR_GOOD, AS_IT_IS, IF_IDLE_CANCEL };

struct watch {
	struct hv_conf conf;
	virConnectPtr libvirt; /* NULL: not connected */
	struct hv_seen seen;
	int timer;	 /* libvirt's number of the one that looks again */
	bool lost;	 /* libvirtd */
	bool behind;	 /* mrd did not take a word: all is told again, and nothing until then */
	bool complained; /* libvirtd has not answered since */
	bool stop;
};

/* ---- words ---- */

static const char *const verbs[] = {
	[INCOMING] = "guest incoming",
	[RUNNING] = "guest running",
	[SUSPENDED] = "guest suspended",
	[GONE] = "guest gone",
	[GONE_FOR_GOOD] = "guest gone",
	[IF_IDLE_CANCEL] = "guest cancel",
};

/* Look at everything again, shortly: something may have been missed. */
static void
look_again(struct watch *w)
{
	virEventUpdateTimeout(w->timer, AGAIN_MS);
}

static bool
fall_behind(struct watch *w)
{
	w->behind = true;
	look_again(w);
	return false;
}

/*
 * True if mrd has heard it, also if it said no: then its state is another, and that is logged.
 * While we are behind nothing is said: one that hangs would hold up everything, word by word.
 */
static bool
say(struct watch *w, enum word word, const char *name, const char *words)
{
	char line[HV_LINE_MAX];
	struct hv_answer answer;
	int r;

	if (w->behind)
		return false;
	snprintf(line, sizeof(line), "%s", verbs[word]);
	if (!hv_word_add(line, sizeof(line), name) ||
	    strlen(line) + strlen(words) + 16 > sizeof(line))
		return true; /* never will it be: the hook has said so */
	strcat(line, words);
	if (word == GONE_FOR_GOOD)
		strcat(line, " deregister");
	r = hv_mrd_ask(w->conf.control, line, hv_now_ms() + WORD_MS, &answer);
	if (r < 0) {
		log_limited(LOG_LEVEL_WARN, "watch", "mrd does not answer, trying again",
		    "socket=%s: %s", w->conf.control, strerror(-r));
		return fall_behind(w);
	}
	if (!answer.ok && strcmp(answer.code, "closing") == 0)
		return fall_behind(w);
	if (!answer.ok)
		log_info("watch", "mrd says no", "words=\"%s\" error=%s message=\"%s\"", line,
		    answer.code, answer.text);
	else
		log_debug("watch", "told", "words=\"%s\"", line);
	return true;
}

/* ---- guests ---- */

/* Its metadata as words. False if it has none of ours, or cannot be read any more. */
static bool
read_words(virDomainPtr domain, char words[static HV_WORDS_MAX])
{
	char *xml = virDomainGetXMLDesc(domain, 0);
	int r = xml ? hv_guest_words(xml, strlen(xml), words) : 0;

	if (r < 0)
		log_warn("watch", "metadata cannot be used", "guest=%s: %s",
		    virDomainGetName(domain), strerror(-r));
	free(xml);
	return r == 1;
}

/* The guest as it is known, looked at if it is not; NULL if it is none of ours. */
static struct hv_seen_guest *
known(struct watch *w, virDomainPtr domain, bool fresh)
{
	struct hv_seen_guest *g = hv_seen_find(&w->seen, virDomainGetName(domain));
	char words[HV_WORDS_MAX];

	if (g && g->words[0] && !fresh)
		return g;
	if (!read_words(domain, words))
		return fresh ? NULL : g; /* one that is gone cannot be read */
	g = hv_seen_add(&w->seen, virDomainGetName(domain));
	if (g)
		memcpy(g->words, words, sizeof(words));
	return g;
}

/* What its state calls for when no event tells. */
static enum word
word_of_state(virDomainPtr domain)
{
	int state, reason;

	if (virDomainGetState(domain, &state, &reason, 0) < 0)
		return NOTHING;
	switch (state) {
	case VIR_DOMAIN_RUNNING:
	case VIR_DOMAIN_BLOCKED:
	case VIR_DOMAIN_SHUTDOWN: /* is being shut down: it runs */
		return RUNNING;
	case VIR_DOMAIN_PAUSED:
		/* One that has not run yet is paused, too: it is to arrive. */
		return reason == VIR_DOMAIN_PAUSED_STARTING_UP ? INCOMING : SUSPENDED;
	case VIR_DOMAIN_PMSUSPENDED:
	case VIR_DOMAIN_CRASHED:
		return SUSPENDED;
	default:
		return NOTHING;
	}
}

static bool
tell(struct watch *w, enum word word, virDomainPtr domain, bool fresh)
{
	struct hv_seen_guest *g = known(w, domain, fresh);
	bool heard;

	if (!g)
		return true;
	g->there = true;
	if (word == AS_IT_IS)
		word = word_of_state(domain);
	if (word == NOTHING)
		return true;
	if (word == IF_IDLE_CANCEL && virDomainIsActive(domain) != 0)
		return true;
	heard = say(w, word, g->name, word == INCOMING || word == RUNNING ? g->words : "");
	if (heard && (word == GONE || word == GONE_FOR_GOOD || word == IF_IDLE_CANCEL))
		hv_seen_remove(&w->seen, g->name);
	return heard;
}

/* All guests as they are, and those that were here and are not. */
static void
look_at_all(struct watch *w)
{
	virDomainPtr *domains = NULL;
	int n = virConnectListAllDomains(w->libvirt, &domains, VIR_CONNECT_LIST_DOMAINS_ACTIVE);
	struct hv_seen_guest *g, *next;

	w->behind = false;
	if (n < 0) {
		look_again(w);
		return;
	}
	HASH_ITER (hh, w->seen.by_name, g, next)
		g->there = false;
	for (int i = 0; i < n; i++) {
		(void)tell(w, AS_IT_IS, domains[i], true); /* if not heard, looked at again */
		virDomainFree(domains[i]);
	}
	free(domains);
	HASH_ITER (hh, w->seen.by_name, g, next) {
		/* Where it has gone to is not known: elsewhere it may run. Or it is ours no more.
		 */
		if (!g->there && say(w, GONE, g->name, ""))
			hv_seen_remove(&w->seen, g->name);
	}
}

/* ---- events ---- */

#define ANY (-1)

static const struct {
	int event, detail;
	enum word word;
} words_of_events[] = {
	/* The first that fits counts. A guest that starts may start paused. */
	{ VIR_DOMAIN_EVENT_STARTED, VIR_DOMAIN_EVENT_STARTED_MIGRATED, INCOMING },
	{ VIR_DOMAIN_EVENT_STARTED, ANY, AS_IT_IS },
	{ VIR_DOMAIN_EVENT_SUSPENDED, ANY, SUSPENDED },
	{ VIR_DOMAIN_EVENT_PMSUSPENDED, ANY, SUSPENDED },
	{ VIR_DOMAIN_EVENT_CRASHED, ANY, SUSPENDED },
	{ VIR_DOMAIN_EVENT_RESUMED, ANY, RUNNING },
	/* An offline migration: the hook took it for an arrival. */
	{ VIR_DOMAIN_EVENT_DEFINED, ANY, IF_IDLE_CANCEL },
	/* Elsewhere it lives on, or may: what is registered is not ours to take back. */
	{ VIR_DOMAIN_EVENT_STOPPED, VIR_DOMAIN_EVENT_STOPPED_MIGRATED, GONE },
	{ VIR_DOMAIN_EVENT_STOPPED, VIR_DOMAIN_EVENT_STOPPED_FAILED, GONE },
	{ VIR_DOMAIN_EVENT_STOPPED, ANY, GONE_FOR_GOOD },
};

static int
on_lifecycle(virConnectPtr c, virDomainPtr domain, int event, int detail, void *ctx)
{
	struct watch *w = ctx;

	(void)c;
	log_debug("watch", "event", "guest=%s event=%d detail=%d", virDomainGetName(domain), event,
	    detail);
	for (size_t i = 0; i < countof(words_of_events); i++) {
		if (words_of_events[i].event != event ||
		    (words_of_events[i].detail != ANY && words_of_events[i].detail != detail))
			continue;
		(void)tell(w, words_of_events[i].word, domain, event == VIR_DOMAIN_EVENT_STARTED);
		return 0;
	}
	return 0;
}

static void
on_metadata(virConnectPtr c, virDomainPtr domain, int type, const char *uri, void *ctx)
{
	(void)c;
	(void)domain;
	if (type == VIR_DOMAIN_METADATA_ELEMENT && uri && strcmp(uri, HV_NAMESPACE) == 0)
		look_again(ctx);
}

/* ---- the connection ---- */

static void
on_lost(virConnectPtr c, int reason, void *ctx)
{
	struct watch *w = ctx;

	(void)c;
	w->lost = true;
	log_warn(
	    "watch", "libvirtd is gone, trying again", "uri=%s reason=%d", w->conf.libvirt, reason);
	virEventUpdateTimeout(w->timer, 0);
}

static bool
subscribe(struct watch *w)
{
	virConnectPtr c = w->libvirt;

	return virConnectRegisterCloseCallback(c, on_lost, w, NULL) == 0 &&
	       virConnectSetKeepAlive(c, KEEPALIVE_S, KEEPALIVE_COUNT) >= 0 &&
	       virConnectDomainEventRegisterAny(c, NULL, VIR_DOMAIN_EVENT_ID_LIFECYCLE,
		   VIR_DOMAIN_EVENT_CALLBACK(on_lifecycle), w, NULL) >= 0 &&
	       virConnectDomainEventRegisterAny(c, NULL, VIR_DOMAIN_EVENT_ID_METADATA_CHANGE,
		   VIR_DOMAIN_EVENT_CALLBACK(on_metadata), w, NULL) >= 0;
}

static void
leave(struct watch *w)
{
	if (!w->libvirt)
		return;
	(void)virConnectUnregisterCloseCallback(w->libvirt, on_lost);
	(void)virConnectClose(w->libvirt);
	w->libvirt = NULL;
}

static void
join(struct watch *w)
{
	w->lost = false;
	w->libvirt = virConnectOpenReadOnly(w->conf.libvirt);
	if (w->libvirt && subscribe(w)) {
		log_info("watch", "watching", "uri=%s", w->conf.libvirt);
		w->complained = false;
		return;
	}
	if (!w->complained)
		log_warn("watch", "libvirtd does not answer, trying again", "uri=%s: %s",
		    w->conf.libvirt, virGetLastErrorMessage());
	w->complained = true;
	leave(w);
}

/* The timer: connect if need be, then all is looked at. Events that come meanwhile wait. */
static void
on_timer(int timer, void *ctx)
{
	struct watch *w = ctx;

	virEventUpdateTimeout(timer, -1);
	if (w->lost)
		leave(w);
	if (!w->libvirt)
		join(w);
	if (w->libvirt)
		look_at_all(w);
	else
		look_again(w);
}

/* ---- the program ---- */

static void
on_signal(int watch, int fd, int events, void *ctx)
{
	struct watch *w = ctx;
	struct signalfd_siginfo info;

	(void)watch;
	(void)events;
	if (read(fd, &info, sizeof(info)) == sizeof(info))
		w->stop = true;
}

/* libvirt's library prints errors of its own unless it is given somebody to tell. */
static void
on_error(void *ctx, virErrorPtr error)
{
	(void)ctx;
	log_debug("libvirt", "error", "%s", error && error->message ? error->message : "-");
}

static int
watch_signals(struct watch *w)
{
	sigset_t set;
	int fd;

	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGINT);
	sigprocmask(SIG_BLOCK, &set, NULL);
	fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	return fd < 0 ? -errno
		      : virEventAddHandle(fd, VIR_EVENT_HANDLE_READABLE, on_signal, w, NULL);
}

static int
run(struct watch *w)
{
	virSetErrorFunc(NULL, on_error);
	if (virEventRegisterDefaultImpl() < 0 || watch_signals(w) < 0)
		return EXIT_FAILURE;
	w->timer = virEventAddTimeout(0, on_timer, w, NULL);
	if (w->timer < 0)
		return EXIT_FAILURE;
	notify_state("READY=1");
	while (!w->stop)
		if (virEventRunDefaultImpl() < 0)
			return EXIT_FAILURE;
	leave(w);
	return EXIT_SUCCESS;
}

static const char usage[] = "usage: homeport-watch [-f FILE] [-D MODULES]\n";

int
main(int argc, char **argv)
{
	struct watch w = { 0 };
	const char *file = NULL;
	int r;

	log_open("homeport-watch");
	for (int o; (o = getopt(argc, argv, "f:D:hV")) != -1;) {
		switch (o) {
		case 'f':
			file = optarg;
			break;
		case 'D':
			if (log_debug_on(optarg) == 0)
				break;
			fputs(usage, stderr);
			return 2;
		case 'h':
			fputs(usage, stdout);
			return EXIT_SUCCESS;
		case 'V':
			puts("homeport-watch " PACKAGE_VERSION);
			return EXIT_SUCCESS;
		default:
			fputs(usage, stderr);
			return 2;
		}
	}
	if (hv_conf_load(file, &w.conf) < 0)
		return EXIT_FAILURE;
	hv_seen_init(&w.seen, w.conf.watched);
	r = run(&w);
	hv_seen_done(&w.seen);
	return r;
}
