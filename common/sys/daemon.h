/*
 * daemon.h - what the main functions of mrd and had do alike.
 *
 * Layer: sys, for the shells.
 */
#pragma once

#include "common/base/mono.h"
#include "common/base/want.h"
#include "common/sys/kern.h"

struct daemon_opts {
	const char *file; /* the configuration */
	bool check;	  /* -n: only look at it */
	bool verbose;	  /* -v: and print its normal form */
};

/*
 * Open the log under this name and parse the command line; both daemons take the
 * same options. name: "mrd", "had", for good. default_file: unless -f is given.
 * Returns -1 to go on, or the status to exit with.
 */
int daemon_options(struct daemon_opts *ret_opts, const char *name, const char *default_file,
    int argc, char **argv);

/* One reading of both clocks: CLOCK_BOOTTIME and CLOCK_REALTIME. */
struct tick daemon_now(void);

/*
 * After a start, or when somebody else's hand was in it: list what carries our
 * mark, compare with what is wanted, fix. What was fixed is logged, and what
 * failed stays for the next time. 0, or -errno if it could not be listed (logged).
 */
int daemon_reconcile(struct kern *k, struct want *w);
