/*
 * had.c - home agent daemon: put the parts together and run the loop.
 *
 * Read this file first. Each line of run() names a part; open its header next.
 */
#include "config.h"
#include "had/had.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/base/base.h"
#include "common/base/log.h"
#include "common/base/text.h"
#include "common/sys/notify.h"
#include "had/ha_ctl.h"
#include "had/ha_tell.h"

#define FORWARDING "sysctl net/ipv6/conf/all/forwarding"

/* ---- what the core may do to the world ---- */

static void
on_send(void *ctx, const struct ip6_mh_out *out)
{
	struct had *d = ctx;
	char to[TEXT_ADDR_MAX];
	int r = kern_mh_send(d->kern, out);

	if (r < 0)
		log_limited(LOG_LEVEL_WARN, "had", "cannot send an answer", "to=%s error=%s",
		    text_addr(&out->dst, to), strerror(-r));
}

static void
on_icmp6(void *ctx, const struct ip6_icmp6_out *out)
{
	struct had *d = ctx;
	char to[TEXT_ADDR_MAX];
	int r = kern_icmp6_send(d->kern, out);

	if (r < 0)
		log_limited(LOG_LEVEL_WARN, "had", "cannot send an ICMPv6 message",
		    "to=%s error=%s", text_addr(&out->dst, to), strerror(-r));
}

static void
on_frame(void *ctx, const char *dev, const uint8_t *p, size_t n)
{
	struct had *d = ctx;
	int r = kern_frame_send(d->kern, dev, p, n);

	if (r < 0)
		log_limited(LOG_LEVEL_WARN, "had", "cannot send a frame", "dev=%s error=%s", dev,
		    strerror(-r));
}

static void
on_arm(void *ctx, mono_t when)
{
	struct had *d = ctx;
	int64_t left_ms = mono_left_ms(daemon_now().now, when);

	ev_timer_stop(d->loop, &d->timer);
	if (left_ms == INT64_MAX)
		return;
	ev_now_update(d->loop); /* a timer counts from the loop's idea of now */
	ev_timer_set(&d->timer, (double)left_ms / 1000, 0);
	ev_timer_start(d->loop, &d->timer);
}

static void
on_event(void *ctx, const struct ha_event *e)
{
	struct had *d = ctx;

	had_disc_event(d, e);
	ha_tell(d->ctl, e);
}

static const struct ha_ops ha_ops = {
	.send = on_send,
	.icmp6 = on_icmp6,
	.frame = on_frame,
	.arm = on_arm,
	.event = on_event,
};

/* want.h says that an object was refused, but not which: here it is known. */
static int
set_object(void *ctx, const struct kobj *o)
{
	struct had *d = ctx;
	char text[KOBJ_TEXT_MAX];
	int r = kern_set(d->kern, o);

	if (r < 0)
		log_limited(LOG_LEVEL_ERR, "kern", "cannot set an object", "object=\"%s\" error=%s",
		    kobj_text(o, text), strerror(-r));
	return r;
}

static int
clear_object(void *ctx, const struct kobj *o)
{
	struct had *d = ctx;
	char text[KOBJ_TEXT_MAX];
	int r = kern_clear(d->kern, o);

	if (r < 0)
		log_limited(LOG_LEVEL_WARN, "kern", "cannot clear an object",
		    "object=\"%s\" error=%s", kobj_text(o, text), strerror(-r));
	return r;
}

static const struct want_ops want_ops = { set_object, clear_object };

/* ---- what comes up from the kernel ---- */

static bool
is_wanted(void *ctx, const struct kobj *o)
{
	const struct had *d = ctx;

	return want_has_key(d->want, o);
}

static void
on_kern(void *ctx, const struct kern_event *e)
{
	struct had *d = ctx;
	char a[TEXT_ADDR_MAX];

	switch (e->kind) {
	case KERN_MH:
		ha_receive(d->ha, daemon_now(), e->mh);
		return;
	case KERN_MOBILE:
		had_disc_receive(d, e->mh);
		return;
	case KERN_LOST:
		(void)daemon_reconcile(d->kern, d->want); /* logged */
		return;
	case KERN_ICMP6:
		log_debug("kern", "ICMPv6 error about an answer", "from=%s type=%u",
		    text_addr(&e->icmp6.from, a), e->icmp6.n ? e->icmp6.p[0] : 0u);
		return;
	case KERN_TUNNEL:
		log_debug("kern", "tunnel MTU changed", "remote=%s mtu_octets=%u",
		    text_addr(&e->tunnel.ends.remote, a), e->tunnel.mtu);
		return;
	case KERN_ADDRESS:
	case KERN_LINK:
		if (d->ha)
			had_links_look(d, e->link.name);
		return;
	case KERN_FRAME:
		had_links_frame(d, e->frame.dev, e->frame.p, e->frame.n);
		return;
	case KERN_FORWARDING:
		return;
	}
}

/* ---- events of the loop ---- */

static void
on_timer(struct ev_loop *loop, ev_timer *w, int revents)
{
	struct had *d = container_of(w, struct had, timer);

	(void)loop;
	(void)revents;
	ha_tick(d->ha, daemon_now());
	on_arm(d, ha_deadline(d->ha)); /* a timer may come early: then nothing was re-armed */
}

static void
on_stop_signal(struct ev_loop *loop, ev_signal *w, int revents)
{
	(void)w;
	(void)revents;
	ev_break(loop, EVBREAK_ALL);
}

static void
on_hup(struct ev_loop *loop, ev_signal *w, int revents)
{
	struct had *d = container_of(w, struct had, hup);
	char why[256];

	(void)loop;
	(void)revents;
	notify_reloading();
	if (had_reload(d, why, sizeof(why)) < 0)
		log_err("had", "configuration not taken over", "reason=\"%s\"", why);
	notify_state("READY=1");
}

static void
debug_modules(const char *was, const char *is)
{
	if (was[0])
		(void)log_debug_off(was);
	if (is[0] && log_debug_on(is) < 0)
		log_warn("had", "ignoring log-debug", "modules=%s", is);
}

int
had_reload(struct had *d, char *why, size_t why_len)
{
	struct ha_conf *next = NULL, *last = d->conf;
	const char *key;
	int r = ha_conf_load(d->file, &next);

	if (r < 0) {
		snprintf(why, why_len, "%s: %s", d->file,
		    r == -EINVAL ? "not valid; its errors are in the log" : strerror(-r));
		return -EINVAL;
	}
	key = ha_conf_needs_restart(last, next);
	if (key) {
		snprintf(why, why_len, "%s: %s cannot change without a restart", d->file, key);
		ha_conf_free(next);
		return -EINVAL;
	}
	r = ha_configure(d->ha, &next->policy, &next->table, daemon_now());
	if (r < 0) {
		snprintf(why, why_len, "the kernel refused the routes: %s", strerror(-r));
		ha_conf_free(next);
		return -EINVAL;
	}
	had_disc_configure(d, &next->policy);
	debug_modules(last->log_debug, next->log_debug);
	d->conf = next;
	had_links_changed(d, &last->policy);
	ha_conf_free(last);
	log_info("had", "configuration taken over", "file=%s guests=%zu ranges=%zu", d->file,
	    next->table.guests, next->table.ranges);
	return 0;
}

/* ---- from start to end ---- */

static int
open_kern(struct had *d)
{
	struct kern_opts opts = {
		.name = "had",
		.mark = KERN_MARK_HAD,
		.datapath = (enum kern_datapath)d->conf->datapath,
		.traffic_class = (uint8_t)d->conf->traffic_class,
		.hop_limit = (uint8_t)d->conf->hop_limit,
		.event = on_kern,
		.wanted = is_wanted,
		.ctx = d,
	};

	return kern_open(&d->kern, d->loop, &opts);
}

static int
turn_on_forwarding(struct had *d)
{
	char was[KERN_SETTING_VALUE_MAX];
	int r;

	if (!d->conf->forwarding)
		return 0;
	r = kern_setting_get(d->kern, FORWARDING, was);
	if (r == 0 && strcmp(was, "1") != 0) {
		r = kern_setting_set(d->kern, FORWARDING, "1");
		if (r == 0)
			memcpy(d->forwarding_was, was, sizeof(was));
	}
	return r;
}

/* What a run before us left is gone on with; the rest of it is a stray. */
static int
start_core(struct had *d)
{
	struct plan found = { 0 };
	int r;

	d->want = want_new(&want_ops, d);
	d->ha = d->want ? ha_new(d->want, &ha_ops, d) : NULL;
	if (!d->ha || had_disc_open(d) < 0)
		return -ENOMEM;
	r = kern_dump(d->kern, &found);
	if (r == 0) {
		want_know(d->want, &found);
		r = ha_configure(d->ha, &d->conf->policy, &d->conf->table, daemon_now());
	}
	if (r == 0)
		had_links_look(d, NULL);
	if (r == 0)
		r = ha_adopt(d->ha, &found, daemon_now());
	plan_done(&found);
	if (r == 0 && ha_adopted(d->ha) > 0)
		log_info("had", "going on with what was found", "routes=%zu", ha_adopted(d->ha));
	return r < 0 ? r : daemon_reconcile(d->kern, d->want);
}

static int
listen_on_address(struct had *d)
{
	const struct in6_addr *address = &d->conf->policy.address;
	char text[TEXT_ADDR_MAX];

	if (!kern_is_own(d->kern, address))
		log_warn("had", "address is not on this machine yet", "address=%s",
		    text_addr(address, text));
	had_disc_listen(d);
	return kern_listen(d->kern, address, true);
}

static void
start_watchers(struct had *d)
{
	ev_signal_init(&d->term, on_stop_signal, SIGTERM);
	ev_signal_init(&d->intr, on_stop_signal, SIGINT);
	ev_signal_init(&d->hup, on_hup, SIGHUP);
	ev_signal_start(d->loop, &d->term);
	ev_signal_start(d->loop, &d->intr);
	ev_signal_start(d->loop, &d->hup);
}

static void
put_back(struct had *d)
{
	int r = 0;

	want_clear_all(d->want);
	if (d->forwarding_was[0])
		r = kern_setting_set(d->kern, FORWARDING, d->forwarding_was);
	if (r < 0)
		log_err("had", "cannot put forwarding back", "error=%s", strerror(-r));
}

static int
fail(const char *module, const char *text, int r)
{
	log_err(module, text, "error=%s", strerror(-r));
	return r;
}

static int
run(struct had *d)
{
	int r;

	d->loop = ev_default_loop(EVFLAG_AUTO);
	if (!d->loop)
		return fail("had", "cannot make an event loop", -ENOSYS);
	ev_timer_init(&d->timer, on_timer, 0, 0);
	d->started = daemon_now().now;
	if ((r = open_kern(d)) < 0)
		fail("kern", "cannot open kernel sockets", r);
	else if ((r = turn_on_forwarding(d)) < 0)
		fail("kern", "cannot turn on forwarding", r);
	else if ((r = start_core(d)) < 0)
		fail("had", "cannot set up what is served", r);
	else if ((r = listen_on_address(d)) < 0)
		fail("kern", "cannot listen for Binding Updates", r);
	else if ((r = ha_ctl_open(d)) < 0)
		fail("ctl", "cannot open control socket", r);
	else {
		start_watchers(d);
		log_info("had", "started", "version=%s datapath=%s guests=%zu ranges=%zu",
		    PACKAGE_VERSION, kern_datapath_name(d->kern), d->conf->table.guests,
		    d->conf->table.ranges);
		notify_state("READY=1");
		ev_run(d->loop, 0);
		notify_state("STOPPING=1");
		if (d->conf->on_stop == HA_STOP_REMOVE)
			put_back(d);
		log_info("had", "stopped", "bindings=%zu", ha_bound(d->ha));
	}
	ctl_close(d->ctl);
	had_disc_close(d);
	ev_timer_stop(d->loop, &d->timer);
	ha_free(d->ha);
	want_free(d->want);
	kern_close(d->kern);
	return r;
}

int
main(int argc, char **argv)
{
	struct daemon_opts o;
	struct had d = { 0 };
	int r = daemon_options(&o, "had", SYSCONFDIR "/had/had.conf", argc, argv);

	if (r >= 0)
		return r;
	d.file = o.file;
	r = ha_conf_load(o.file, &d.conf);
	if (r < 0)
		return EXIT_FAILURE; /* it said file, line, key and reason */
	if (o.check && o.verbose)
		r = ha_conf_print(stdout, d.conf);
	else if (!o.check) {
		debug_modules("", d.conf->log_debug);
		r = run(&d);
	}
	ha_conf_free(d.conf);
	return r < 0 ? EXIT_FAILURE : EXIT_SUCCESS;
}
