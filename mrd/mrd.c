/*
 * mrd.c - mobile router daemon: put the parts together and run the loop.
 *
 * Read this file first, then mrd.h for its neighbours and mr.h for the core. Order
 * matters: the control socket tells whether another one runs, so it comes before
 * anything is changed; settings and guests are known before the kernel is compared
 * with what we want, or it would be swept clean.
 *
 * Layer: shell.
 */
#include "mrd/mrd.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

#include "common/base/base.h"
#include "common/base/log.h"
#include "common/sys/notify.h"
#include "config.h"

/* ---- configuration ---- */

/* What only a new start can change. */
static void
keep_fixed(const struct mr_conf *old, struct mr_conf *new)
{
	const char *changed = NULL;

	if (strcmp(old->control, new->control) != 0 ||
	    strcmp(old->control_group, new->control_group) != 0)
		changed = "control";
	if (strcmp(old->state, new->state) != 0)
		changed = "state";
	if (old->datapath != new->datapath)
		changed = "datapath";
	if (old->traffic_class != new->traffic_class || old->hop_limit != new->hop_limit)
		changed = "traffic-class, hop-limit";
	if (old->guests_max != new->guests_max)
		changed = "guests-max";
	if (changed)
		log_warn("conf", "takes effect at the next start", "key=\"%s\"", changed);
	memcpy(new->control, old->control, sizeof(new->control));
	memcpy(new->control_group, old->control_group, sizeof(new->control_group));
	memcpy(new->state, old->state, sizeof(new->state));
	new->datapath = old->datapath;
	new->traffic_class = old->traffic_class;
	new->hop_limit = old->hop_limit;
	new->guests_max = old->guests_max;
}

int
mrd_reload(struct mrd *d, struct mr_why *ret_why)
{
	struct tick now = daemon_now();
	struct mr_conf next;
	int r = mr_conf_load(d->conf_file, &next);

	if (r < 0) {
		ret_why->code = "refused";
		ret_why->error = 0;
		(void)snprintf(ret_why->text, sizeof(ret_why->text),
		    "%s: refused, the old configuration stays; the log says why", d->conf_file);
		return r;
	}
	keep_fixed(&d->conf, &next);
	r = mr_configure(d->mr, &next, &now, ret_why);
	if (r < 0) {
		mr_conf_done(&next);
		return r;
	}
	if (strcmp(d->conf.uplink, next.uplink) != 0)
		(void)kern_frame_listen(d->kern, d->conf.uplink, KERN_FRAMES_NONE);
	mr_conf_done(&d->conf);
	d->conf = next;
	for (struct mrd_link *l = d->links; l; l = l->next) {
		l->ready = false;		/* the gateway may be another */
		(void)mrd_ops.link(d, l->name); /* logged */
	}
	mrd_make_host_settings(d);
	mrd_look_at_addresses(d);
	log_info(
	    "conf", "configuration reloaded", "file=%s guests=%zu", d->conf_file, d->conf.guests);
	return 0;
}

/* ---- signals ---- */

static void
on_stop(struct ev_loop *loop, ev_signal *w, int revents)
{
	(void)w;
	(void)revents;
	ev_break(loop, EVBREAK_ALL);
}

static void
on_hup(struct ev_loop *loop, ev_signal *w, int revents)
{
	struct mrd *d = container_of(w, struct mrd, hup);
	struct mr_why why;

	(void)loop;
	(void)revents;
	notify_reloading();
	if (mrd_reload(d, &why) < 0)
		log_err("conf", "configuration not reloaded", "%s", why.text);
	notify_state("READY=1");
}

static void
start_signals(struct mrd *d)
{
	ev_signal_init(&d->term, on_stop, SIGTERM);
	ev_signal_init(&d->intr, on_stop, SIGINT);
	ev_signal_init(&d->hup, on_hup, SIGHUP);
	ev_signal_start(d->loop, &d->term);
	ev_signal_start(d->loop, &d->intr);
	ev_signal_start(d->loop, &d->hup);
	(void)signal(SIGPIPE, SIG_IGN);
}

/* ---- start and stop ---- */

static int
open_kernel(struct mrd *d)
{
	struct kern_opts opts = {
		.name = "mrd",
		.mark = KERN_MARK_MRD,
		.datapath = (enum kern_datapath)d->conf.datapath,
		.traffic_class = (uint8_t)d->conf.traffic_class,
		.hop_limit = (uint8_t)d->conf.hop_limit,
		.event = mrd_on_kern,
		.wanted = mrd_wanted,
		.ctx = d,
	};

	return kern_open(&d->kern, d->loop, &opts);
}

static int
open_core(struct mrd *d)
{
	static const struct want_ops want_ops = { .set = kern_set, .clear = kern_clear };
	uint32_t seed = 1;

	if (getrandom(&seed, sizeof(seed), GRND_NONBLOCK) < 0)
		seed = (uint32_t)getpid(); /* advertisements are spread a little worse */
	d->want = want_new(&want_ops, d->kern);
	if (d->want)
		d->mr = mr_new(&d->conf, &mrd_ops, d, d->want, seed | 1);
	return d->mr ? 0 : -ENOMEM;
}

static void
fail(const char *text, int error)
{
	log_err("mrd", text, "%s", strerror(-error));
}

/* What a run before us left and is wanted again must not be touched: packets run over it. */
static void
know_kernel(struct mrd *d)
{
	struct plan found = { 0 };

	if (kern_dump(d->kern, &found) == 0) /* else all is set anew, which is no harm */
		want_know(d->want, &found);
	plan_done(&found);
}

static int
start(struct mrd *d)
{
	struct tick now = daemon_now();
	struct mr_why why;
	int r;

	d->started = now.now;
	d->loop = ev_default_loop(EVFLAG_AUTO);
	mrd_world_init(d);
	if ((r = mrd_ctl_open(d)) < 0) {
		fail("cannot open the control socket", r);
		return r;
	}
	if ((r = open_kernel(d)) < 0) {
		fail("cannot open the kernel's sockets", r);
		return r;
	}
	mrd_was_load(d);
	if ((r = open_core(d)) < 0) {
		fail("cannot start", r);
		return r;
	}
	mrd_make_host_settings(d);
	know_kernel(d);
	mrd_look_at_addresses(d);
	mrd_restore(d);
	if ((r = mr_configure(d->mr, &d->conf, &now, &why)) < 0) {
		log_err("conf", "configured guests clash with those that are here", "%s", why.text);
		return r;
	}
	(void)daemon_reconcile(d->kern, d->want); /* logged */
	return 0;
}

/* Everything as it was found, the run-time file too. */
static void
remove_all(struct mrd *d)
{
	want_clear_all(d->want);
	mrd_settings_put_back(d);
	mrd_forget_state(d);
}

static void
stop(struct mrd *d, bool clean)
{
	notify_state("STOPPING=1");
	mrd_ctl_close(d);
	if (d->kern)
		mrd_links_done(d);
	if (clean && d->conf.on_stop == MR_REMOVE)
		remove_all(d);
	else if (clean)
		mrd_save(d);
	mr_free(d->mr);
	want_free(d->want);
	kern_close(d->kern);
	free(d->was);
	mr_conf_done(&d->conf);
}

int
main(int argc, char **argv)
{
	struct daemon_opts opts;
	struct mrd d = { 0 };
	int r = daemon_options(&opts, "mrd", SYSCONFDIR "/mrd/mrd.conf", argc, argv);

	if (r >= 0)
		return r;
	d.conf_file = opts.file;
	if (mr_conf_load(opts.file, &d.conf) < 0)
		return EXIT_FAILURE; /* file, line and reason are said */
	if (opts.check) {
		r = opts.verbose ? mr_conf_print(stdout, &d.conf) : 0;
		mr_conf_done(&d.conf);
		return r < 0 || fflush(stdout) != 0 ? EXIT_FAILURE : EXIT_SUCCESS;
	}

	r = start(&d);
	if (r == 0) {
		start_signals(&d);
		log_info("mrd", "ready", "version=%s guests=%zu", PACKAGE_VERSION, d.conf.guests);
		notify_state("READY=1");
		ev_run(d.loop, 0);
		log_info("mrd", "stopping", "on-stop=%s",
		    d.conf.on_stop == MR_REMOVE ? "remove" : "keep");
	}
	stop(&d, r == 0);
	return r < 0 ? EXIT_FAILURE : EXIT_SUCCESS;
}
