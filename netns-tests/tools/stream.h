/*
 * stream.h - the traffic of the lab: one sub-command per function.
 *
 * Layer: lab.
 */
#pragma once

#include <netinet/in.h>

int stream_send(int argc, char **argv);
int stream_recv(int argc, char **argv);
int stream_tcp_server(int argc, char **argv);
int stream_tcp_client(int argc, char **argv);

/* An address from its text and port, or the end of the program. */
struct sockaddr_in6 stream_address(const char *addr, const char *port);
