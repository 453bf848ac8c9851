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
                both Buffer_attach(buffer: *mut c_void, size: Count) = p2p::buffer_attach;
                both Buffer_detach(buffer_addr: *mut c_void, size: *mut Count) = p2p::buffer_detach;
            }
            plain {}
            unsupported {}
        }
    };
}
