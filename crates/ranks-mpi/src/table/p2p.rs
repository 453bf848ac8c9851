//! Point-to-point communication: MPI 5.0 chapter 3.

/// The functions of this chapter, given to the macro `$with`.
#[macro_export]
#[doc(hidden)]
macro_rules! p2p_functions {
    ($with:ident) => {
        $with! {
            anytime {}
            running {
                both Send(buf: *const c_void, count: Count, datatype: Datatype, dest: c_int, tag: c_int, comm: Comm) = p2p::send;
                both Ssend(buf: *const c_void, count: Count, datatype: Datatype, dest: c_int, tag: c_int, comm: Comm) = p2p::ssend;
                both Bsend(buf: *const c_void, count: Count, datatype: Datatype, dest: c_int, tag: c_int, comm: Comm) = p2p::bsend;
                both Rsend(buf: *const c_void, count: Count, datatype: Datatype, dest: c_int, tag: c_int, comm: Comm) = p2p::rsend;
                both Isend(buf: *const c_void, count: Count, datatype: Datatype, dest: c_int, tag: c_int, comm: Comm, request: *mut Request) = p2p::isend;
                both Issend(buf: *const c_void, count: Count, datatype: Datatype, dest: c_int, tag: c_int, comm: Comm, request: *mut Request) = p2p::issend;
                both Ibsend(buf: *const c_void, count: Count, datatype: Datatype, dest: c_int, tag: c_int, comm: Comm, request: *mut Request) = p2p::ibsend;
                both Irsend(buf: *const c_void, count: Count, datatype: Datatype, dest: c_int, tag: c_int, comm: Comm, request: *mut Request) = p2p::irsend;
                both Send_init(buf: *const c_void, count: Count, datatype: Datatype, dest: c_int, tag: c_int, comm: Comm, request: *mut Request) = p2p::send_init;
                both Ssend_init(buf: *const c_void, count: Count, datatype: Datatype, dest: c_int, tag: c_int, comm: Comm, request: *mut Request) = p2p::ssend_init;
                both Bsend_init(buf: *const c_void, count: Count, datatype: Datatype, dest: c_int, tag: c_int, comm: Comm, request: *mut Request) = p2p::bsend_init;
                both Rsend_init(buf: *const c_void, count: Count, datatype: Datatype, dest: c_int, tag: c_int, comm: Comm, request: *mut Request) = p2p::rsend_init;
                both Recv(buf: *mut c_void, count: Count, datatype: Datatype, source: c_int, tag: c_int, comm: Comm, status: *mut Status) = p2p::recv;
                both Irecv(buf: *mut c_void, count: Count, datatype: Datatype, source: c_int, tag: c_int, comm: Comm, request: *mut Request) = p2p::irecv;
                both Recv_init(buf: *mut c_void, count: Count, datatype: Datatype, source: c_int, tag: c_int, comm: Comm, request: *mut Request) = p2p::recv_init;
                both Sendrecv(sendbuf: *const c_void, sendcount: Count, sendtype: Datatype, dest: c_int, sendtag: c_int, recvbuf: *mut c_void, recvcount: Count, recvtype: Datatype, source: c_int, recvtag: c_int, comm: Comm, status: *mut Status) = sendrecv::sendrecv;
                both Sendrecv_replace(buf: *mut c_void, count: Count, datatype: Datatype, dest: c_int, sendtag: c_int, source: c_int, recvtag: c_int, comm: Comm, status: *mut Status) = sendrecv::sendrecv_replace;
                both Isendrecv(sendbuf: *const c_void, sendcount: Count, sendtype: Datatype, dest: c_int, sendtag: c_int, recvbuf: *mut c_void, recvcount: Count, recvtype: Datatype, source: c_int, recvtag: c_int, comm: Comm, request: *mut Request) = sendrecv::isendrecv;
                both Isendrecv_replace(buf: *mut c_void, count: Count, datatype: Datatype, dest: c_int, sendtag: c_int, source: c_int, recvtag: c_int, comm: Comm, request: *mut Request) = sendrecv::isendrecv_replace;
                one  Probe(source: c_int, tag: c_int, comm: Comm, status: *mut Status) = p2p::probe;
                one  Iprobe(source: c_int, tag: c_int, comm: Comm, flag: *mut c_int, status: *mut Status) = p2p::iprobe;
                one  Mprobe(source: c_int, tag: c_int, comm: Comm, message: *mut Message, status: *mut Status) = p2p::mprobe;
                one  Improbe(source: c_int, tag: c_int, comm: Comm, flag: *mut c_int, message: *mut Message, status: *mut Status) = p2p::improbe;
                both Mrecv(buf: *mut c_void, count: Count, datatype: Datatype, message: *mut Message, status: *mut Status) = p2p::mrecv;
                both Imrecv(buf: *mut c_void, count: Count, datatype: Datatype, message: *mut Message, request: *mut Request) = p2p::imrecv;
                both Buffer_attach(buffer: *mut c_void, size: Count) = bsend::attach;
                both Buffer_detach(buffer_addr: *mut c_void, size: *mut Count) = bsend::detach;
                one  Buffer_flush() = bsend::flush;
                one  Buffer_iflush(request: *mut Request) = bsend::iflush;
                both Comm_attach_buffer(comm: Comm, buffer: *mut c_void, size: Count) = bsend::comm_attach;
                both Comm_detach_buffer(comm: Comm, buffer_addr: *mut c_void, size: *mut Count) = bsend::comm_detach;
                one  Comm_flush_buffer(comm: Comm) = bsend::comm_flush;
                one  Comm_iflush_buffer(comm: Comm, request: *mut Request) = bsend::comm_iflush;
                both Session_attach_buffer(session: Session, buffer: *mut c_void, size: Count) = bsend::session_attach;
                both Session_detach_buffer(session: Session, buffer_addr: *mut c_void, size: *mut Count) = bsend::session_detach;
                one  Session_flush_buffer(session: Session) = bsend::session_flush;
                one  Session_iflush_buffer(session: Session, request: *mut Request) = bsend::session_iflush;
                one  Psend_init(buf: *const c_void, partitions: c_int, count: LargeCount, datatype: Datatype, dest: c_int, tag: c_int, comm: Comm, info: Info, request: *mut Request) = partitioned::send_init;
                one  Precv_init(buf: *mut c_void, partitions: c_int, count: LargeCount, datatype: Datatype, source: c_int, tag: c_int, comm: Comm, info: Info, request: *mut Request) = partitioned::recv_init;
                one  Pready(partition: c_int, request: Request) = partitioned::ready;
                one  Pready_range(partition_low: c_int, partition_high: c_int, request: Request) = partitioned::ready_range;
                one  Pready_list(length: c_int, array_of_partitions: *const c_int, request: Request) = partitioned::ready_list;
                one  Parrived(request: Request, partition: c_int, flag: *mut c_int) = partitioned::arrived;
            }
            collectives {}
            plain {}
            unsupported {}
        }
    };
}
