package org.pocketshelf.demo

import android.content.Context
import android.net.ConnectivityManager
import android.net.Network
import android.net.NetworkCapabilities
import android.net.NetworkRequest
import android.os.Handler
import android.os.Looper

/** Whether there is a network that may reach the internet; for the notice alone, since searching never needs one. */
class Online(context: Context, private val changed: (Boolean) -> Unit) {
    private val manager = context.getSystemService(Context.CONNECTIVITY_SERVICE) as ConnectivityManager
    private val networks = HashSet<Network>()
    private val main = Handler(Looper.getMainLooper())
    private val watcher = object : ConnectivityManager.NetworkCallback() {
        override fun onAvailable(network: Network) = update { networks.add(network) }

        override fun onLost(network: Network) = update { networks.remove(network) }
    }

    /** Begin to tell; at once if there is none. */
    fun start() {
        val internet = NetworkRequest.Builder().addCapability(NetworkCapabilities.NET_CAPABILITY_INTERNET).build()
        manager.registerNetworkCallback(internet, watcher)
        if (manager.activeNetwork == null) changed(false)
    }

    /** Tell no more. */
    fun stop() {
        manager.unregisterNetworkCallback(watcher)
        networks.clear()
    }

    private fun update(change: () -> Unit) {
        main.post {
            change()
            changed(networks.isNotEmpty())
        }
    }
}
