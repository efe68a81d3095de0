/*
 * mrd.h - the daemon: the core and the world around it.
 *
 *	mrd.c		main(), signals
 *	mrd_world.c	what the core asks for (struct mr_ops), and what the kernel tells it
 *	mrd_state.c	the run-time file, and settings of the host
 *	mr_ctl.c	the control socket's verbs
 *
 * Layer: shell.
 */
#pragma once

#include <ev.h>

#include "common/base/want.h"
#include "common/sys/ctl.h"
#include "common/sys/daemon.h"
#include "common/sys/kern.h"
#include "mrd/mr.h"

/* A guest's link that has been used. */
struct mrd_link {
	struct mrd_link *next;
	char name[KOBJ_DEV_MAX];
	bool ready;    /* settings made, frames listened to */
	bool seen, up; /* the kernel has told of it; it was up */
};

/* A setting as it was before we changed it. */
struct mrd_was {
	char name[KERN_SETTING_NAME_MAX];
	char value[KERN_SETTING_VALUE_MAX];
};

struct mrd {
	const char *conf_file;
	struct mr_conf conf;
	struct ev_loop *loop;
	struct ctl *ctl;
	struct kern *kern;
	struct want *want;
	struct mr *mr;

	ev_timer tick;	    /* the core's next moment */
	ev_timer save;	    /* shortly: write the run-time file */
	ev_timer reconcile; /* shortly: compare what is wanted with what is there */
	ev_signal term, intr, hup;
	mono_t started;

	struct mrd_link *links; /* owned */
	struct mrd_was *was;	/* owned; in the order of change */
	size_t was_n, was_cap;
	struct mrd_wait *waits; /* owned: clients that wait for the home agent's answer */
	bool unsaved;		/* the last try to write the run-time file failed */
};

/* ---- mrd_world.c ---- */

extern const struct mr_ops mrd_ops; /* ctx: struct mrd */

void mrd_on_kern(void *mrd, const struct kern_event *e);
bool mrd_wanted(void *ctx, const struct kobj *o); /* kern_opts.wanted */
void mrd_world_init(struct mrd *d);		  /* timers */
void mrd_make_host_settings(struct mrd *d);	  /* a router that still listens to its own */
void mrd_look_at_addresses(struct mrd *d);
void mrd_links_done(struct mrd *d);

/* ---- mrd_state.c ---- */

/*
 * Make settings so, and remember what they were; in the run-time file first. What
 * does not exist is -ENOENT; the others are made so nevertheless.
 */
int mrd_settings_make(struct mrd *d, const struct mr_setting *v, size_t n);
void mrd_settings_put_back(struct mrd *d);
void mrd_save(struct mrd *d);
/* Read the run-time file: settings at once, guests through the core. */
void mrd_restore(struct mrd *d);
void mrd_forget_state(struct mrd *d);
void mrd_was_load(struct mrd *d);

/* ---- mr_ctl.c ---- */

int mrd_ctl_open(struct mrd *d); /* 0 or -errno */
void mrd_ctl_close(struct mrd *d);
/* The question about this guest has its answer: who waits for it gets it. */
void mrd_ctl_asked(struct mrd *d, const struct mr_guest *g);

/* ---- mrd.c ---- */

/* Read the configuration again. 0, or -errno with a reason; then nothing has changed. */
int mrd_reload(struct mrd *d, struct mr_why *ret_why);
