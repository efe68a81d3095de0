/*
 * notify.h - tell the supervisor how we are: READY, RELOADING, STOPPING.
 *
 * The protocol of sd_notify(3), a datagram to the socket named by NOTIFY_SOCKET,
 * in a few lines: the daemons need no library for it. Without a supervisor every
 * call does nothing.
 *
 *	notify_state("READY=1");
 *
 * Layer: sys.
 */
#pragma once

/* Send lines of VARIABLE=VALUE. Failing is no reason to stop: it is not reported. */
void notify_state(const char *lines);

/* "RELOADING=1" with the clock reading that Type=notify-reload asks for. */
void notify_reloading(void);
