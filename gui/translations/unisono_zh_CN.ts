<?xml version="1.0" encoding="utf-8"?>
<!DOCTYPE TS>
<TS version="2.1" language="zh_CN" sourcelanguage="en">
<context>
    <name>unisono</name>
    <message>
        <source>Read</source>
        <translation>已阅</translation>
    </message>
    <message>
        <source>I have read this (F8)</source>
        <translation>我已阅读 (F8)</translation>
    </message>
    <message>
        <source>Alarm</source>
        <translation>警报</translation>
    </message>
    <message>
        <source>{} more</source>
        <translation>还有 {} 条</translation>
    </message>
    <message>
        <source>Double click: close this window</source>
        <translation>双击：关闭此窗口</translation>
    </message>
    <message>
        <source>no picture yet</source>
        <translation>尚无画面</translation>
    </message>
    <message>
        <source>Box for the face</source>
        <translation>面部定位框</translation>
    </message>
    <message>
        <source>Dashed: where the face should be. Solid: where it is seen, looked for once a second in this picture with scikit-image's detector of frontal faces (local binary patterns); nothing of it is recorded</source>
        <translation>虚线：面部应在的位置。实线：检测到的面部，每秒在此画面中用 scikit-image 的正面人脸检测器（局部二值模式）检测一次；检测结果不会录制</translation>
    </message>
    <message>
        <source>the face is looked for with scikit-image: pip install 'unisono[face]'</source>
        <translation>检测面部需要 scikit-image：pip install 'unisono[face]'</translation>
    </message>
    <message>
        <source>no face seen</source>
        <translation>未检测到面部</translation>
    </message>
    <message>
        <source>face in the box</source>
        <translation>面部在框内</translation>
    </message>
    <message>
        <source>face not in the box: move the camera or chair</source>
        <translation>面部不在框内：请移动相机或椅子</translation>
    </message>
    <message>
        <source>Variance of the Laplacian of the middle; the bars compare with the best so far</source>
        <translation>画面中央拉普拉斯方差；格数与迄今最佳值比较</translation>
    </message>
    <message>
        <source>No camera in this rig</source>
        <translation>此配置中没有相机</translation>
    </message>
    <message>
        <source>focus {} {} · saturated {}</source>
        <translation>对焦 {} {} · 过曝 {}</translation>
    </message>
    <message>
        <source>Picture of {}</source>
        <translation>{} 的画面</translation>
    </message>
    <message>
        <source>{:.1f} fps · {} stored, {} lost</source>
        <translation>{:.1f} 帧/秒 · 已存 {}，丢失 {}</translation>
    </message>
    <message>
        <source>exposure {:,.0f} µs</source>
        <translation>曝光 {:,.0f} µs</translation>
    </message>
    <message>
        <source>gain {:g} dB</source>
        <translation>增益 {:g} dB</translation>
    </message>
    <message>
        <source>gain {:g}</source>
        <translation>增益 {:g}</translation>
    </message>
    <message>
        <source>what was recorded until then is on the disk; start the engine again</source>
        <translation>此前录制的内容已在磁盘上；请重新启动引擎</translation>
    </message>
    <message>
        <source>The engine was killed (signal {})</source>
        <translation>引擎被终止（信号 {}）</translation>
    </message>
    <message>
        <source>The engine ended with code {}</source>
        <translation>引擎已结束，代码 {}</translation>
    </message>
    <message>
        <source>The engine at {} does not answer; it may be recording still</source>
        <translation>位于 {} 的引擎没有应答；它可能仍在录制</translation>
    </message>
    <message>
        <source>Events</source>
        <translation>事件</translation>
    </message>
    <message>
        <source>Display filters; never on what is recorded</source>
        <translation>仅用于显示的滤波；不影响录制</translation>
    </message>
    <message>
        <source>High-pass</source>
        <translation>高通</translation>
    </message>
    <message>
        <source>Low-pass</source>
        <translation>低通</translation>
    </message>
    <message>
        <source>Notch, with harmonics</source>
        <translation>陷波（含谐波）</translation>
    </message>
    <message>
        <source>Reference of EEG</source>
        <translation>脑电参考</translation>
    </message>
    <message>
        <source>Filters ▾</source>
        <translation>滤波 ▾</translation>
    </message>
    <message>
        <source>as recorded</source>
        <translation>与录制相同</translation>
    </message>
    <message>
        <source>Filters: {} ▾</source>
        <translation>滤波：{} ▾</translation>
    </message>
    <message>
        <source>No filter</source>
        <translation>不滤波</translation>
    </message>
    <message>
        <source>Record anyway</source>
        <translation>仍然录制</translation>
    </message>
    <message>
        <source>Not yet</source>
        <translation>暂不</translation>
    </message>
    <message>
        <source>Close this (Esc)</source>
        <translation>关闭 (Esc)</translation>
    </message>
    <message>
        <source>Before the start</source>
        <translation>开始之前</translation>
    </message>
    <message>
        <source>and {} more</source>
        <translation>另有 {} 项</translation>
    </message>
    <message>
        <source>{}: {} of {} above {:g} kΩ</source>
        <translation>{}：{} / {} 高于 {:g} kΩ</translation>
    </message>
    <message>
        <source>No amplifier of this rig measures impedances</source>
        <translation>此配置中没有可测阻抗的放大器</translation>
    </message>
    <message>
        <source>Amplifier</source>
        <translation>放大器</translation>
    </message>
    <message>
        <source>{}: no electrode is measured yet</source>
        <translation>{}：尚未测量任何电极</translation>
    </message>
    <message>
        <source>Measure impedances</source>
        <translation>测量阻抗</translation>
    </message>
    <message>
        <source>Menu (F10)</source>
        <translation>菜单 (F10)</translation>
    </message>
    <message>
        <source>Menu</source>
        <translation>菜单</translation>
    </message>
    <message>
        <source>Parts of the window</source>
        <translation>窗口部件</translation>
    </message>
    <message>
        <source>Close the window</source>
        <translation>关闭窗口</translation>
    </message>
    <message>
        <source>Look</source>
        <translation>外观</translation>
    </message>
    <message>
        <source>As the system</source>
        <translation>跟随系统</translation>
    </message>
    <message>
        <source>Light</source>
        <translation>浅色</translation>
    </message>
    <message>
        <source>Dark</source>
        <translation>深色</translation>
    </message>
    <message>
        <source>Marker: type, then Enter (Ctrl+M)</source>
        <translation>标记：输入后按回车 (Ctrl+M)</translation>
    </message>
    <message>
        <source>Marker text</source>
        <translation>标记文字</translation>
    </message>
    <message>
        <source>Enter: with the time of the first letter. Ctrl+Enter: with the time of Enter.</source>
        <translation>回车：取首个字符的时间。Ctrl+回车：取回车的时间。</translation>
    </message>
    <message>
        <source>✎ Note (Ctrl+N)</source>
        <translation>✎ 备注 (Ctrl+N)</translation>
    </message>
    <message>
        <source>Note</source>
        <translation>备注</translation>
    </message>
    <message>
        <source>stamped {}</source>
        <translation>时间戳 {}</translation>
    </message>
    <message>
        <source>marks</source>
        <translation>标记</translation>
    </message>
    <message>
        <source>Expected stream</source>
        <translation>预期的数据流</translation>
    </message>
    <message>
        <source>irregular</source>
        <translation>不规则</translation>
    </message>
    <message>
        <source>disk {} free</source>
        <translation>磁盘剩余 {}</translation>
    </message>
    <message>
        <source>missing</source>
        <translation>缺失</translation>
    </message>
    <message>
        <source>Type</source>
        <translation>类型</translation>
    </message>
    <message>
        <source>Host</source>
        <translation>主机</translation>
    </message>
    <message>
        <source>Device</source>
        <translation>设备</translation>
    </message>
    <message>
        <source>Channels</source>
        <translation>通道</translation>
    </message>
    <message>
        <source>Nominal rate</source>
        <translation>标称采样率</translation>
    </message>
    <message>
        <source>Measured rate</source>
        <translation>实测采样率</translation>
    </message>
    <message>
        <source>Samples</source>
        <translation>样本</translation>
    </message>
    <message>
        <source>Lost</source>
        <translation>丢失</translation>
    </message>
    <message>
        <source>Last sample</source>
        <translation>最近样本</translation>
    </message>
    <message>
        <source>Clock offset</source>
        <translation>时钟偏移</translation>
    </message>
    <message>
        <source>Clock drift</source>
        <translation>时钟漂移</translation>
    </message>
    <message>
        <source>Address</source>
        <translation>地址</translation>
    </message>
    <message>
        <source>Disk</source>
        <translation>磁盘</translation>
    </message>
    <message>
        <source>Node</source>
        <translation>节点</translation>
    </message>
    <message>
        <source>Nodes</source>
        <translation>节点</translation>
    </message>
    <message>
        <source>Recordings kept</source>
        <translation>保留的录制</translation>
    </message>
    <message>
        <source>Version</source>
        <translation>版本</translation>
    </message>
    <message>
        <source>connected</source>
        <translation>已连接</translation>
    </message>
    <message>
        <source>connecting</source>
        <translation>正在连接</translation>
    </message>
    <message>
        <source>refuses</source>
        <translation>拒绝</translation>
    </message>
    <message>
        <source>transfer {}</source>
        <translation>传输 {}</translation>
    </message>
    <message>
        <source>transfer {} (rests)</source>
        <translation>传输 {}（暂停）</translation>
    </message>
    <message>
        <source>unreachable</source>
        <translation>无法到达</translation>
    </message>
    <message>
        <source>{} free</source>
        <translation>剩余 {}</translation>
    </message>
    <message>
        <source>{} of {} free</source>
        <translation>剩余 {}，共 {}</translation>
    </message>
    <message>
        <source>Driver</source>
        <translation>驱动</translation>
    </message>
    <message>
        <source>State</source>
        <translation>状态</translation>
    </message>
    <message>
        <source>disk {:.0f} min</source>
        <translation>磁盘可用 {:.0f} 分钟</translation>
    </message>
    <message>
        <source>disk {} h</source>
        <translation>磁盘可用 {} 小时</translation>
    </message>
    <message>
        <source>another program</source>
        <translation>其他程序</translation>
    </message>
    <message>
        <source>Frames stored</source>
        <translation>已存帧</translation>
    </message>
    <message>
        <source>Frames lost</source>
        <translation>丢失帧</translation>
    </message>
    <message>
        <source>Frame memory</source>
        <translation>帧缓存</translation>
    </message>
    <message>
        <source>{} s ago</source>
        <translation>{} 秒前</translation>
    </message>
    <message>
        <source>Protocol</source>
        <translation>实验流程</translation>
    </message>
    <message>
        <source>File…</source>
        <translation>文件…</translation>
    </message>
    <message>
        <source>Preview</source>
        <translation>预览</translation>
    </message>
    <message>
        <source>Show this one trial in a window; only while nothing is being recorded</source>
        <translation>在窗口中只播放这一个试次；仅在未录制时可用</translation>
    </message>
    <message>
        <source>trial</source>
        <translation>试次</translation>
    </message>
    <message>
        <source>Trial that is previewed</source>
        <translation>要预览的试次</translation>
    </message>
    <message>
        <source>{}: preview of trial {}</source>
        <translation>{}：预览第 {} 个试次</translation>
    </message>
    <message>
        <source>Load</source>
        <translation>载入</translation>
    </message>
    <message>
        <source>Trials done</source>
        <translation>已完成试次</translation>
    </message>
    <message>
        <source>Begin</source>
        <translation>开始</translation>
    </message>
    <message>
        <source>▌▌ Pause</source>
        <translation>▌▌ 暂停</translation>
    </message>
    <message>
        <source>▸ Go on</source>
        <translation>▸ 继续</translation>
    </message>
    <message>
        <source>▸▸ Skip</source>
        <translation>▸▸ 跳过</translation>
    </message>
    <message>
        <source>↺ Repeat</source>
        <translation>↺ 重复</translation>
    </message>
    <message>
        <source>Abort</source>
        <translation>中止</translation>
    </message>
    <message>
        <source>Hold to end the protocol</source>
        <translation>按住以结束流程</translation>
    </message>
    <message>
        <source>The participant's screen is not shown</source>
        <translation>未显示被试屏幕</translation>
    </message>
    <message>
        <source>The participant's screen</source>
        <translation>被试屏幕</translation>
    </message>
    <message>
        <source>No protocol is loaded</source>
        <translation>尚未载入流程</translation>
    </message>
    <message>
        <source>loading…</source>
        <translation>正在载入…</translation>
    </message>
    <message>
        <source>loaded: press Begin</source>
        <translation>已载入：请按“开始”</translation>
    </message>
    <message>
        <source>running</source>
        <translation>运行中</translation>
    </message>
    <message>
        <source>closed</source>
        <translation>已关闭</translation>
    </message>
    <message>
        <source>opening</source>
        <translation>正在打开</translation>
    </message>
    <message>
        <source>stalled</source>
        <translation>停滞</translation>
    </message>
    <message>
        <source>failed</source>
        <translation>失败</translation>
    </message>
    <message>
        <source>▌▌ paused</source>
        <translation>▌▌ 已暂停</translation>
    </message>
    <message>
        <source>ended</source>
        <translation>已结束</translation>
    </message>
    <message>
        <source>aborted</source>
        <translation>已中止</translation>
    </message>
    <message>
        <source>✖ the player crashed: Go on continues with the next trial</source>
        <translation>✖ 播放器崩溃：按“继续”从下一试次接着进行</translation>
    </message>
    <message>
        <source>Open a protocol</source>
        <translation>打开流程</translation>
    </message>
    <message>
        <source>Protocols (*.toml)</source>
        <translation>流程 (*.toml)</translation>
    </message>
    <message>
        <source>{} frames, {} late, {} dropped</source>
        <translation>{} 帧，{} 迟，{} 丢</translation>
    </message>
    <message>
        <source>{}: trial {} of {}</source>
        <translation>{}：试次 {} / {}</translation>
    </message>
    <message>
        <source>{} left</source>
        <translation>剩余 {}</translation>
    </message>
    <message>
        <source>Rig file</source>
        <translation>配置文件</translation>
    </message>
    <message>
        <source>Looking at every port…</source>
        <translation>正在查看所有端口…</translation>
    </message>
    <message>
        <source>Open a rig file</source>
        <translation>打开配置文件</translation>
    </message>
    <message>
        <source>Rig files (*.toml)</source>
        <translation>配置文件 (*.toml)</translation>
    </message>
    <message>
        <source>The engine was started without a rig file</source>
        <translation>引擎启动时没有配置文件</translation>
    </message>
    <message>
        <source>Nothing was found that could be driven here.</source>
        <translation>没有找到可驱动的设备。</translation>
    </message>
    <message>
        <source>Settings of {}</source>
        <translation>{} 的设置</translation>
    </message>
    <message>
        <source>test trigger {} sent by {}</source>
        <translation>测试触发 {} 已由 {} 发出</translation>
    </message>
    <message>
        <source>marker {} set; there is no trigger output</source>
        <translation>已设标记 {}；没有触发输出</translation>
    </message>
    <message>
        <source>devices found: {}</source>
        <translation>找到 {} 个设备</translation>
    </message>
    <message>
        <source>EEG reference</source>
        <translation>脑电参考电极</translation>
    </message>
    <message>
        <source>EEG ground</source>
        <translation>脑电接地电极</translation>
    </message>
    <message>
        <source>EEG cap</source>
        <translation>脑电帽</translation>
    </message>
    <message>
        <source>The rig file</source>
        <translation>配置文件</translation>
    </message>
    <message>
        <source>Run this rig</source>
        <translation>运行此配置</translation>
    </message>
    <message>
        <source>Not while recording: all devices are started anew</source>
        <translation>录制时不可用：所有设备将重新启动</translation>
    </message>
    <message>
        <source>Save and run</source>
        <translation>保存并运行</translation>
    </message>
    <message>
        <source>none</source>
        <translation>无</translation>
    </message>
    <message>
        <source>Good. Devices: {}</source>
        <translation>正确。设备：{}</translation>
    </message>
    <message>
        <source>Streams</source>
        <translation>数据流</translation>
    </message>
    <message>
        <source>Devices</source>
        <translation>设备</translation>
    </message>
    <message>
        <source>Start</source>
        <translation>启动</translation>
    </message>
    <message>
        <source>Stop</source>
        <translation>停止</translation>
    </message>
    <message>
        <source>Restart</source>
        <translation>重启</translation>
    </message>
    <message>
        <source>Settings…</source>
        <translation>设置…</translation>
    </message>
    <message>
        <source>Apply</source>
        <translation>应用</translation>
    </message>
    <message>
        <source>Starts the device anew; not while recording</source>
        <translation>重新启动设备；录制时不可用</translation>
    </message>
    <message>
        <source>Apply and save</source>
        <translation>应用并保存</translation>
    </message>
    <message>
        <source>Also write what was changed into the rig file</source>
        <translation>同时把更改写入配置文件</translation>
    </message>
    <message>
        <source>Close</source>
        <translation>关闭</translation>
    </message>
    <message>
        <source>● The device runs with these settings</source>
        <translation>● 设备正以此设置运行</translation>
    </message>
    <message>
        <source>cannot be read</source>
        <translation>无法读取</translation>
    </message>
    <message>
        <source>{} cannot be read; write it as JSON</source>
        <translation>无法读取 {}；请写成 JSON</translation>
    </message>
    <message>
        <source>{} is no number</source>
        <translation>{} 不是数字</translation>
    </message>
    <message>
        <source>Spectrum</source>
        <translation>频谱</translation>
    </message>
    <message>
        <source>Welch: Hann windows of 2 s that overlap by half, of the last 8 s, as filtered</source>
        <translation>Welch 法：最近 8 秒，2 秒汉宁窗，重叠一半，滤波后</translation>
    </message>
    <message>
        <source>No EEG channel is shown, or not for 2 s yet</source>
        <translation>没有显示脑电通道，或未满 2 秒</translation>
    </message>
    <message>
        <source>Hz, dB of {}²/Hz</source>
        <translation>Hz，dB（{}²/Hz）</translation>
    </message>
    <message>
        <source>band power, {}², median of channels</source>
        <translation>频带功率，{}²，各通道中位数</translation>
    </message>
    <message>
        <source>The rig is still opening</source>
        <translation>配置仍在打开</translation>
    </message>
    <message>
        <source>The last recording is still being finished</source>
        <translation>上一次录制仍在收尾</translation>
    </message>
    <message>
        <source>No stream is chosen</source>
        <translation>没有选中任何数据流</translation>
    </message>
    <message>
        <source>Nothing of it will be in the session.</source>
        <translation>会话中将没有它的任何数据。</translation>
    </message>
    <message>
        <source>It will not be in the session unless it comes later.</source>
        <translation>除非稍后出现，否则会话中没有它。</translation>
    </message>
    <message>
        <source>It is not chosen: nothing of it will be recorded.</source>
        <translation>未选中：不会录制它的任何数据。</translation>
    </message>
    <message>
        <source>A full disk ends the recording; free some space in {}.</source>
        <translation>磁盘满会终止录制；请在 {} 腾出空间。</translation>
    </message>
    <message>
        <source>No participant is given</source>
        <translation>没有填写被试</translation>
    </message>
    <message>
        <source>The session will be called sub-test, like every try; type a pseudonym.</source>
        <translation>会话将命名为 sub-test，与每次试验相同；请填写化名。</translation>
    </message>
    <message>
        <source>Wait until its devices run.</source>
        <translation>请等待设备运行。</translation>
    </message>
    <message>
        <source>Wait until its files are closed.</source>
        <translation>请等待文件关闭。</translation>
    </message>
    <message>
        <source>There is nothing to record; tick a stream.</source>
        <translation>没有可录制的内容；请勾选数据流。</translation>
    </message>
    <message>
        <source>What it does not send cannot be recorded.</source>
        <translation>它没有发送的数据无法录制。</translation>
    </message>
    <message>
        <source>The disk is full in {:.0f} minutes</source>
        <translation>磁盘将在 {:.0f} 分钟后写满</translation>
    </message>
    <message>
        <source>{} are free on the disk</source>
        <translation>磁盘剩余 {}</translation>
    </message>
    <message>
        <source>Device {} is {}</source>
        <translation>设备 {}：{}</translation>
    </message>
    <message>
        <source>Stream {}</source>
        <translation>数据流 {}</translation>
    </message>
    <message>
        <source>READY</source>
        <translation>就绪</translation>
    </message>
    <message>
        <source>OPENING</source>
        <translation>正在打开</translation>
    </message>
    <message>
        <source>● RECORDING</source>
        <translation>● 正在录制</translation>
    </message>
    <message>
        <source>FINISHING</source>
        <translation>正在收尾</translation>
    </message>
    <message>
        <source>✖ LAST RUN FAILED</source>
        <translation>✖ 上次录制失败</translation>
    </message>
    <message>
        <source>Study</source>
        <translation>研究</translation>
    </message>
    <message>
        <source>Participant: a pseudonym, without sub-</source>
        <translation>被试：化名，不含 sub-</translation>
    </message>
    <message>
        <source>Session, without ses-</source>
        <translation>会话，不含 ses-</translation>
    </message>
    <message>
        <source>Task, without task-</source>
        <translation>任务，不含 task-</translation>
    </message>
    <message>
        <source>Record</source>
        <translation>录制</translation>
    </message>
    <message>
        <source>Run</source>
        <translation>轮次</translation>
    </message>
    <message>
        <source>The next run, and the runs that exist</source>
        <translation>下一轮次及已有轮次</translation>
    </message>
    <message>
        <source>Start recording (Ctrl+R)</source>
        <translation>开始录制 (Ctrl+R)</translation>
    </message>
    <message>
        <source>Hold to stop, or press Ctrl+.</source>
        <translation>按住停止，或按 Ctrl+.</translation>
    </message>
    <message>
        <source>Recorded for</source>
        <translation>已录制时长</translation>
    </message>
    <message>
        <source>How long the disk lasts at what is written now</source>
        <translation>按当前写入速度磁盘可用时间</translation>
    </message>
    <message>
        <source>Frames of all cameras in the files, and those missing</source>
        <translation>所有相机已存入文件的帧与丢失的帧</translation>
    </message>
    <message>
        <source>Samples that should be there and are not</source>
        <translation>应有而缺失的样本</translation>
    </message>
    <message>
        <source>Time of day</source>
        <translation>时刻</translation>
    </message>
    <message>
        <source>Half the round trip of the worst stream's clock offset, measured by this window</source>
        <translation>最差数据流时钟偏移往返时间的一半，由本窗口测得</translation>
    </message>
    <message>
        <source>study</source>
        <translation>研究</translation>
    </message>
    <message>
        <source>sub</source>
        <translation>被试</translation>
    </message>
    <message>
        <source>ses</source>
        <translation>会话</translation>
    </message>
    <message>
        <source>task</source>
        <translation>任务</translation>
    </message>
    <message>
        <source>✖ NO ENGINE</source>
        <translation>✖ 没有引擎</translation>
    </message>
    <message>
        <source>run {}</source>
        <translation>轮次 {}</translation>
    </message>
    <message>
        <source>signals {} lost since opening</source>
        <translation>启动以来信号丢失 {}</translation>
    </message>
    <message>
        <source>signals {} lost</source>
        <translation>信号丢失 {}</translation>
    </message>
    <message>
        <source>sync ± {} ms</source>
        <translation>同步 ± {} ms</translation>
    </message>
    <message>
        <source>No run of these labels exists yet</source>
        <translation>此标签尚无轮次</translation>
    </message>
    <message>
        <source>frames {} stored, {} lost</source>
        <translation>帧 已存 {}，丢失 {}</translation>
    </message>
    <message>
        <source>run {} exists</source>
        <translation>轮次 {} 已存在</translation>
    </message>
    <message>
        <source>Live signals</source>
        <translation>实时信号</translation>
    </message>
    <message>
        <source>Length of the window</source>
        <translation>窗口时长</translation>
    </message>
    <message>
        <source>Length of the window (Ctrl+Left, Ctrl+Right)</source>
        <translation>窗口时长 (Ctrl+左, Ctrl+右)</translation>
    </message>
    <message>
        <source>Scroll</source>
        <translation>滚动</translation>
    </message>
    <message>
        <source>Scroll instead of sweeping (Ctrl+L)</source>
        <translation>滚动而非扫描 (Ctrl+L)</translation>
    </message>
    <message>
        <source>▌▌ Freeze</source>
        <translation>▌▌ 冻结</translation>
    </message>
    <message>
        <source>Larger traces (Ctrl++)</source>
        <translation>放大波形 (Ctrl++)</translation>
    </message>
    <message>
        <source>Larger traces</source>
        <translation>放大波形</translation>
    </message>
    <message>
        <source>Smaller traces (Ctrl+-)</source>
        <translation>缩小波形 (Ctrl+-)</translation>
    </message>
    <message>
        <source>Smaller traces</source>
        <translation>缩小波形</translation>
    </message>
    <message>
        <source>Auto</source>
        <translation>自动</translation>
    </message>
    <message>
        <source>Choose scales from the signals (Ctrl+0)</source>
        <translation>按信号自动选择比例 (Ctrl+0)</translation>
    </message>
    <message>
        <source>Common</source>
        <translation>统一</translation>
    </message>
    <message>
        <source>One scale for all channels of a kind</source>
        <translation>同类通道使用同一比例</translation>
    </message>
    <message>
        <source>Channels ▾</source>
        <translation>通道 ▾</translation>
    </message>
    <message>
        <source>markers</source>
        <translation>标记</translation>
    </message>
    <message>
        <source>No signals yet</source>
        <translation>尚无信号</translation>
    </message>
    <message>
        <source>frozen, {} s ago; Space goes on</source>
        <translation>已冻结，{} 秒前；按空格继续</translation>
    </message>
    <message>
        <source>Try the simulated rig</source>
        <translation>用模拟配置试一试</translation>
    </message>
    <message>
        <source>Find what is plugged in</source>
        <translation>查找已连接的设备</translation>
    </message>
    <message>
        <source>Open a rig file…</source>
        <translation>打开配置文件…</translation>
    </message>
    <message>
        <source>A rig says which devices there are. Nothing has to be plugged in.</source>
        <translation>配置说明有哪些设备。无需连接任何设备即可尝试。</translation>
    </message>
    <message>
        <source>Record a face, a brain and a body on one clock</source>
        <translation>在同一时钟上录制面部、脑电与生理信号</translation>
    </message>
    <message>
        <source>Nothing was found. Plug something in, or try the simulated rig.</source>
        <translation>没有找到设备。请连接设备，或用模拟配置试一试。</translation>
    </message>
    <message>
        <source>the search ended without an answer</source>
        <translation>搜索结束但没有结果</translation>
    </message>
    <message>
        <source>Rig</source>
        <translation>配置</translation>
    </message>
    <message>
        <source>Cameras</source>
        <translation>相机</translation>
    </message>
    <message>
        <source>Impedances</source>
        <translation>阻抗</translation>
    </message>
    <message>
        <source>no rig yet</source>
        <translation>尚无配置</translation>
    </message>
    <message>
        <source>Start the engine</source>
        <translation>启动引擎</translation>
    </message>
    <message>
        <source>A recording runs: stop it first</source>
        <translation>正在录制：请先停止</translation>
    </message>
    <message>
        <source>New rig from what is plugged in…</source>
        <translation>按已连接的设备新建配置…</translation>
    </message>
    <message>
        <source>Open a rig…</source>
        <translation>打开配置…</translation>
    </message>
    <message>
        <source>Edit this rig…</source>
        <translation>编辑此配置…</translation>
    </message>
    <message>
        <source>Send a test trigger</source>
        <translation>发送测试触发</translation>
    </message>
    <message>
        <source>End the engine and close</source>
        <translation>结束引擎并关闭</translation>
    </message>
    <message>
        <source>This engine was not started on this computer: end it there</source>
        <translation>此引擎不在本机启动：请在那里结束</translation>
    </message>
    <message>
        <source>The recording failed: {}</source>
        <translation>录制失败：{}</translation>
    </message>
    <message>
        <source>{} on {}: not in this rig, not recorded</source>
        <translation>{}，位于 {}：不在此配置中，不会录制</translation>
    </message>
    <message>
        <source>next: {}</source>
        <translation>接下来：{}</translation>
    </message>
    <message>
        <source>Keys ▾</source>
        <translation>按键 ▾</translation>
    </message>
    <message>
        <source>Markers that a key sets at once; the rig file names them</source>
        <translation>按一个键即可打上的标记；名称在配置文件中设定</translation>
    </message>
    <message>
        <source>off scale</source>
        <translation>超出量程</translation>
    </message>
    <message>
        <source>flat</source>
        <translation>平直</translation>
    </message>
    <message>
        <source>clipped</source>
        <translation>削波</translation>
    </message>
    <message>
        <source>mains</source>
        <translation>工频</translation>
    </message>
    <message>
        <source>no data</source>
        <translation>无数据</translation>
    </message>
    <message>
        <source>Box for the face: {}</source>
        <translation>面部框：{}</translation>
    </message>
    <message>
        <source>Nothing has happened yet</source>
        <translation>尚无事件</translation>
    </message>
    <message>
        <source>No stream yet</source>
        <translation>尚无数据流</translation>
    </message>
    <message>
        <source>No device in this rig: Menu, Edit this rig… (Ctrl+E)</source>
        <translation>此配置中没有设备：菜单 → 编辑此配置…（Ctrl+E）</translation>
    </message>
    <message>
        <source>Device {} has failed</source>
        <translation>设备 {} 出错</translation>
    </message>
    <message>
        <source>▌▌ waits for you: press Go on</source>
        <translation>▌▌ 等待您：请按“继续”</translation>
    </message>
    <message>
        <source>▲ click the participant's screen: it has not got the keyboard</source>
        <translation>▲ 请点击被试屏幕：它没有获得键盘</translation>
    </message>
    <message>
        <source>Show the first trial</source>
        <translation>显示第一个试次</translation>
    </message>
    <message>
        <source>Hide what is on; its time stands still</source>
        <translation>隐藏当前内容；其计时停止</translation>
    </message>
    <message>
        <source>Go on after a pause, or with a step that waits for you</source>
        <translation>暂停后继续，或继续等待您的步骤</translation>
    </message>
    <message>
        <source>Leave the rest of this trial out</source>
        <translation>略过此试次的其余部分</translation>
    </message>
    <message>
        <source>Begin this trial again</source>
        <translation>重新开始此试次</translation>
    </message>
    <message>
        <source>Choose a protocol file</source>
        <translation>选择实验流程文件</translation>
    </message>
    <message>
        <source>Check the protocol and open the participant's screen</source>
        <translation>检查实验流程并打开被试屏幕</translation>
    </message>
    <message>
        <source>Saved</source>
        <translation>已保存</translation>
    </message>
    <message>
        <source>Failed; saved up to there</source>
        <translation>失败，已有的数据已保存</translation>
    </message>
    <message>
        <source>{} samples, {} lost</source>
        <translation>{} 个样本，丢失 {} 个</translation>
    </message>
    <message>
        <source>{} frames, {} lost</source>
        <translation>{} 帧，丢失 {} 帧</translation>
    </message>
    <message>
        <source>Open folder</source>
        <translation>打开文件夹</translation>
    </message>
    <message>
        <source>Copy path</source>
        <translation>复制路径</translation>
    </message>
    <message>
        <source>Open report</source>
        <translation>打开报告</translation>
    </message>
    <message>
        <source>Next run</source>
        <translation>录制下一次</translation>
    </message>
    <message>
        <source>Record the next run with the same labels</source>
        <translation>用相同的标签录制下一次</translation>
    </message>
    <message>
        <source>being checked…</source>
        <translation>正在检查…</translation>
    </message>
    <message>
        <source>not checked</source>
        <translation>未检查</translation>
    </message>
    <message>
        <source>not recorded</source>
        <translation>未录制</translation>
    </message>
    <message>
        <source>The recording goes on without this window; close again to leave it, and open the rig again to come back</source>
        <translation>关闭此窗口后录制仍会继续；再次关闭即可离开，重新打开该配置即可返回</translation>
    </message>
    <message>
        <source>hold, or Ctrl+.</source>
        <translation>请按住，或按 Ctrl+.</translation>
    </message>
    <message>
        <source>{}: {}</source>
        <translation>{}：{}</translation>
    </message>
    <message>
        <source>Filter: participant, task, verdict…</source>
        <translation>筛选：被试、任务、结论…</translation>
    </message>
    <message>
        <source>Filter of the sessions</source>
        <translation>会话筛选</translation>
    </message>
    <message>
        <source>participant</source>
        <translation>被试</translation>
    </message>
    <message>
        <source>session</source>
        <translation>会话</translation>
    </message>
    <message>
        <source>run</source>
        <translation>轮次</translation>
    </message>
    <message>
        <source>when</source>
        <translation>时间</translation>
    </message>
    <message>
        <source>length</source>
        <translation>时长</translation>
    </message>
    <message>
        <source>size</source>
        <translation>大小</translation>
    </message>
    <message>
        <source>verdict</source>
        <translation>结论</translation>
    </message>
    <message>
        <source>Sessions</source>
        <translation>会话</translation>
    </message>
    <message>
        <source>Check again</source>
        <translation>重新检查</translation>
    </message>
    <message>
        <source>sessions: {}</source>
        <translation>会话数：{}</translation>
    </message>
    <message>
        <source>Save this plot</source>
        <translation>保存此图</translation>
    </message>
    <message>
        <source>Picture of pixels (*.png)</source>
        <translation>像素图片 (*.png)</translation>
    </message>
    <message>
        <source>Picture of lines (*.svg)</source>
        <translation>矢量图片 (*.svg)</translation>
    </message>
    <message>
        <source>Table of the numbers (*.csv)</source>
        <translation>数值表格 (*.csv)</translation>
    </message>
    <message>
        <source>saved: {}</source>
        <translation>已保存：{}</translation>
    </message>
    <message>
        <source>not saved: {}</source>
        <translation>未保存：{}</translation>
    </message>
    <message>
        <source>{} is no format for a plot; use {}</source>
        <translation>{} 不是可用的图形格式；请使用 {}</translation>
    </message>
    <message>
        <source>now</source>
        <translation>现在</translation>
    </message>
    <message>
        <source>Save…</source>
        <translation>保存…</translation>
    </message>
    <message>
        <source>{} values are more than a table of a plot holds ({}); show a shorter stretch</source>
        <translation>{} 个数值超出了一张图的表格可容纳的数量（{}）；请显示较短的一段</translation>
    </message>
    <message>
        <source>Save as picture or table…</source>
        <translation>保存为图片或表格…</translation>
    </message>
    <message>
        <source>spectrum</source>
        <translation>频谱</translation>
    </message>
    <message>
        <source>Show all of it</source>
        <translation>显示全部</translation>
    </message>
    <message>
        <source>Hold what is shown (Ctrl+F, or Space in the signals): drag, or zoom by Ctrl+wheel</source>
        <translation>定住当前画面（Ctrl+F，或在信号区按空格）：可拖动，或用 Ctrl+滚轮缩放</translation>
    </message>
    <message>
        <source>signals</source>
        <translation>信号</translation>
    </message>
    <message>
        <source>Of the first {} s only the picture is kept</source>
        <translation>最初 {} 秒仅保留了画面</translation>
    </message>
    <message>
        <source>Save the signals that are shown…</source>
        <translation>保存当前显示的信号…</translation>
    </message>
    <message>
        <source>lost before this recording: {}</source>
        <translation>本次录制之前丢失：{}</translation>
    </message>
    <message>
        <source>Lost before</source>
        <translation>此前丢失</translation>
    </message>
    <message>
        <source>Why is it not usable? Exports leave it out</source>
        <translation>为何不可用？导出时会略过</translation>
    </message>
    <message>
        <source>Reason</source>
        <translation>原因</translation>
    </message>
    <message>
        <source>Mark</source>
        <translation>标记</translation>
    </message>
    <message>
        <source>Leave it</source>
        <translation>取消</translation>
    </message>
    <message>
        <source>More</source>
        <translation>更多</translation>
    </message>
    <message>
        <source>Mark as not usable…</source>
        <translation>标记为不可用…</translation>
    </message>
    <message>
        <source>Usable again</source>
        <translation>恢复为可用</translation>
    </message>
    <message>
        <source>Copy the command for {}</source>
        <translation>复制 {} 导出命令</translation>
    </message>
    <message>
        <source>▲ not usable: {}</source>
        <translation>▲ 不可用：{}</translation>
    </message>
    <message>
        <source>About Unisono</source>
        <translation>关于 Unisono</translation>
    </message>
    <message>
        <source>The data folder is on the engine's computer</source>
        <translation>数据文件夹位于引擎所在的计算机上</translation>
    </message>
    <message>
        <source>Open the data folder</source>
        <translation>打开数据文件夹</translation>
    </message>
    <message>
        <source>Withdraw participant…</source>
        <translation>撤回被试…</translation>
    </message>
    <message>
        <source>Pseudonym</source>
        <translation>化名</translation>
    </message>
    <message>
        <source>Type the pseudonym to confirm</source>
        <translation>输入化名以确认</translation>
    </message>
    <message>
        <source>Delete all of it</source>
        <translation>全部删除</translation>
    </message>
    <message>
        <source>Withdraw participant {}. Deleted for good: sessions {}, exports {}</source>
        <translation>撤回被试 {}：将永久删除 {} 个会话和 {} 个导出</translation>
    </message>
    <message>
        <source>{} files deleted; logged in the study's folder</source>
        <translation>已删除 {} 个文件；已记入研究文件夹的日志</translation>
    </message>
    <message>
        <source>not reached, and left: {}</source>
        <translation>无法访问，未删除：{}</translation>
    </message>
    <message>
        <source>Play, or stand still (Space)</source>
        <translation>播放或停住（空格）</translation>
    </message>
    <message>
        <source>Play</source>
        <translation>播放</translation>
    </message>
    <message>
        <source>Page up and Page down, or J K L</source>
        <translation>Page Up 和 Page Down，或 J K L</translation>
    </message>
    <message>
        <source>Main camera</source>
        <translation>主相机</translation>
    </message>
    <message>
        <source>The cursor goes by its stamps</source>
        <translation>光标按它的时间戳移动</translation>
    </message>
    <message>
        <source>Comparison</source>
        <translation>比较</translation>
    </message>
    <message>
        <source>With the pinned frame: P B G F D</source>
        <translation>与固定帧比较：P B G F D</translation>
    </message>
    <message>
        <source>Gain of the difference</source>
        <translation>差异的放大倍数</translation>
    </message>
    <message>
        <source>Gamma</source>
        <translation>伽马</translation>
    </message>
    <message>
        <source>Above 1, what is dark becomes lighter</source>
        <translation>大于 1 时暗处变亮</translation>
    </message>
    <message>
        <source>Pin</source>
        <translation>固定</translation>
    </message>
    <message>
        <source>Pin this frame as the neutral one (N)</source>
        <translation>把此帧固定为中性帧 (N)</translation>
    </message>
    <message>
        <source>Face</source>
        <translation>面部</translation>
    </message>
    <message>
        <source>Zoom to the face (Z)</source>
        <translation>放大到面部 (Z)</translation>
    </message>
    <message>
        <source>Whole</source>
        <translation>全图</translation>
    </message>
    <message>
        <source>The whole picture (W)</source>
        <translation>整幅画面 (W)</translation>
    </message>
    <message>
        <source>Refresh</source>
        <translation>刷新</translation>
    </message>
    <message>
        <source>Show what has been recorded since (F5)</source>
        <translation>显示此后录制的内容 (F5)</translation>
    </message>
    <message>
        <source>as it is</source>
        <translation>原样</translation>
    </message>
    <message>
        <source>beside the pinned</source>
        <translation>与固定帧并排</translation>
    </message>
    <message>
        <source>over the pinned</source>
        <translation>与固定帧叠加</translation>
    </message>
    <message>
        <source>flicker</source>
        <translation>闪烁对比</translation>
    </message>
    <message>
        <source>difference</source>
        <translation>差异</translation>
    </message>
    <message>
        <source>stored</source>
        <translation>已存储</translation>
    </message>
    <message>
        <source>gated: the gate was shut</source>
        <translation>被门控：门已关闭</translation>
    </message>
    <message>
        <source>lost by the device</source>
        <translation>设备丢失</translation>
    </message>
    <message>
        <source>incomplete: data were missing</source>
        <translation>不完整：缺少数据</translation>
    </message>
    <message>
        <source>lost: the ring was full</source>
        <translation>丢失：环形缓冲已满</translation>
    </message>
    <message>
        <source>lost: the encoder failed</source>
        <translation>丢失：编码器出错</translation>
    </message>
    <message>
        <source>outside the recording</source>
        <translation>不在录制时段内</translation>
    </message>
    <message>
        <source>its fate is not known</source>
        <translation>去向未知</translation>
    </message>
    <message>
        <source>no picture, no face</source>
        <translation>没有画面，无法找面部</translation>
    </message>
    <message>
        <source>no face is found in this picture</source>
        <translation>此画面中未找到面部</translation>
    </message>
    <message>
        <source>frame {} is being read…</source>
        <translation>正在读取第 {} 帧…</translation>
    </message>
    <message>
        <source>dimmed: frame {}, the last one stored, {} ms before</source>
        <translation>变暗显示：第 {} 帧，最后存储的一帧，{} ms 之前</translation>
    </message>
    <message>
        <source>before the first frame of this camera</source>
        <translation>在此相机的第一帧之前</translation>
    </message>
    <message>
        <source>frame {}</source>
        <translation>帧 {}</translation>
    </message>
    <message>
        <source>row {}</source>
        <translation>行 {}</translation>
    </message>
    <message>
        <source>device {}</source>
        <translation>设备帧 {}</translation>
    </message>
    <message>
        <source>no frame was stored</source>
        <translation>没有存储任何帧</translation>
    </message>
    <message>
        <source>≈ {} s, no stamp</source>
        <translation>≈ {} s，无时间戳</translation>
    </message>
    <message>
        <source>frame {}: {}</source>
        <translation>帧 {}：{}</translation>
    </message>
    <message>
        <source>Which channels are shown, {} at most</source>
        <translation>显示哪些通道，最多 {} 个</translation>
    </message>
    <message>
        <source>The whole session</source>
        <translation>整个会话</translation>
    </message>
    <message>
        <source>The whole session: click to go there</source>
        <translation>整个会话：点击跳到该处</translation>
    </message>
    <message>
        <source>no frame is pinned: N pins this one</source>
        <translation>尚未固定任何帧：按 N 固定此帧</translation>
    </message>
    <message>
        <source>left: pinned frame {}</source>
        <translation>左：固定帧 {}</translation>
    </message>
    <message>
        <source>over pinned frame {}</source>
        <translation>叠加在固定帧 {} 上</translation>
    </message>
    <message>
        <source>flicker: frame {}</source>
        <translation>闪烁对比：帧 {}</translation>
    </message>
    <message>
        <source>difference from frame {} ×{}, moved by {} and {} px</source>
        <translation>与帧 {} 的差异 ×{}，位移 {} 和 {} px</translation>
    </message>
    <message>
        <source>Signals</source>
        <translation>信号</translation>
    </message>
    <message>
        <source>Pictures and signals</source>
        <translation>画面与信号</translation>
    </message>
    <message>
        <source>nothing is selected: [ and ], or drag with Shift over the signals</source>
        <translation>尚未选择：用 [ 和 ]，或按住 Shift 在信号上拖动</translation>
    </message>
    <message>
        <source>there is no picture here to pin</source>
        <translation>此处没有可固定的画面</translation>
    </message>
    <message>
        <source>being recorded: what was on the disk at {} is shown, and nothing is changed</source>
        <translation>正在录制：显示 {} 时磁盘上已有的内容，不做任何更改</translation>
    </message>
    <message>
        <source>{}: {} frames shown, {} left out</source>
        <translation>{}：显示 {} 帧，跳过 {} 帧</translation>
    </message>
    <message>
        <source>filters act on shorter stretches</source>
        <translation>滤波器只作用于较短的时段</translation>
    </message>
    <message>
        <source>Review</source>
        <translation>回看</translation>
    </message>
    <message>
        <source>selected {} ms, {} frames</source>
        <translation>已选 {} ms，{} 帧</translation>
    </message>
    <message>
        <source>signals: {} % read</source>
        <translation>信号：已读取 {} %</translation>
    </message>
    <message>
        <source>All is there now</source>
        <translation>现在一切就绪</translation>
    </message>
    <message>
        <source>Nothing is recorded yet.</source>
        <translation>尚未开始录制。</translation>
    </message>
    <message>
        <source>Record now</source>
        <translation>开始录制</translation>
    </message>
    <message>
        <source>rests while it records</source>
        <translation>录制期间暂停</translation>
    </message>
    <message>
        <source>ended; order it again to go on</source>
        <translation>已结束；再次执行可继续</translation>
    </message>
    <message>
        <source>End it</source>
        <translation>结束</translation>
    </message>
    <message>
        <source>one thing at a time: wait for the end of this</source>
        <translation>一次只做一件事：请等待当前任务结束</translation>
    </message>
    <message>
        <source>begins</source>
        <translation>开始</translation>
    </message>
    <message>
        <source>Check the contents</source>
        <translation>核对文件内容</translation>
    </message>
    <message>
        <source>Copy to…</source>
        <translation>复制到…</translation>
    </message>
    <message>
        <source>Repair</source>
        <translation>修复</translation>
    </message>
    <message>
        <source>Export as {}</source>
        <translation>导出为 {}</translation>
    </message>
    <message>
        <source>copy</source>
        <translation>副本</translation>
    </message>
    <message>
        <source>Copy to a folder on another disk or share</source>
        <translation>复制到其他磁盘或共享上的文件夹</translation>
    </message>
    <message>
        <source>Copy</source>
        <translation>复制</translation>
    </message>
    <message>
        <source>The only copy is on this disk</source>
        <translation>唯一的副本在此磁盘上</translation>
    </message>
    <message>
        <source>rests</source>
        <translation>暂停</translation>
    </message>
    <message>
        <source>contents are read</source>
        <translation>正在核对内容</translation>
    </message>
    <message>
        <source>contents read</source>
        <translation>内容已核对</translation>
    </message>
    <message>
        <source>● {} more</source>
        <translation>● 另有 {} 份</translation>
    </message>
    <message>
        <source>▲ only here</source>
        <translation>▲ 仅此一份</translation>
    </message>
    <message>
        <source>✖ lost on {}</source>
        <translation>✖ 在 {} 上丢失</translation>
    </message>
    <message>
        <source>✖ {} is lost on {}: {}</source>
        <translation>✖ {} 已在 {} 上丢失：{}</translation>
    </message>
    <message>
        <source>▲ Partly on {}: fetched while nothing is recorded</source>
        <translation>▲ 部分仍在 {} 上：不录制时取回</translation>
    </message>
    <message>
        <source>Waiting for the engine…</source>
        <translation>正在等待引擎…</translation>
    </message>
    <message>
        <source>▲ partly on {}</source>
        <translation>▲ 部分仍在 {} 上</translation>
    </message>
    <message>
        <source>Record and begin</source>
        <translation>录制并开始</translation>
    </message>
    <message>
        <source>Test play</source>
        <translation>测试播放</translation>
    </message>
    <message>
        <source>Start a recording, and the protocol once it runs</source>
        <translation>开始录制，录制运行后开始实验流程</translation>
    </message>
    <message>
        <source>Play it to try it: nothing of it is kept</source>
        <translation>仅作测试播放：不保留任何内容</translation>
    </message>
    <message>
        <source>Nothing is being recorded: answers and onsets would be lost.</source>
        <translation>当前没有录制：回答和刺激时刻将会丢失。</translation>
    </message>
    <message>
        <source>Begins as soon as it records; see what the start gate asks.</source>
        <translation>录制一开始即开始；请查看开始前的提示。</translation>
    </message>
    <message>
        <source>The screen on which the protocol is shown</source>
        <translation>显示实验流程的屏幕</translation>
    </message>
    <message>
        <source>in a window</source>
        <translation>窗口模式</translation>
    </message>
    <message>
        <source>To try it: no frame is shown at an exact time in a window</source>
        <translation>仅供测试：窗口模式下画面的显示时刻不精确</translation>
    </message>
    <message>
        <source>The protocol goes on and is not recorded: Abort ends it</source>
        <translation>实验流程会继续但不被录制：用“中止”结束</translation>
    </message>
    <message>
        <source>Recent rigs</source>
        <translation>最近的配置</translation>
    </message>
    <message>
        <source>none yet</source>
        <translation>暂无</translation>
    </message>
    <message>
        <source>Shortcuts</source>
        <translation>快捷键</translation>
    </message>
    <message>
        <source>A label has only letters A to Z and digits, at most {}; left out: {}</source>
        <translation>标签只能包含字母 A–Z 和数字，最多 {} 个；已略去：{}</translation>
    </message>
    <message>
        <source>{} is not there any more: moved, deleted, or its disk is unplugged</source>
        <translation>{} 已不存在：已被移动或删除，或其磁盘已拔出</translation>
    </message>
    <message>
        <source>This system has no program that opens {}</source>
        <translation>本系统没有可打开 {} 的程序</translation>
    </message>
    <message>
        <source>The data folder is gone: {}</source>
        <translation>数据文件夹不见了：{}</translation>
    </message>
    <message>
        <source>Plug its disk in again, or end the engine and open the rig again.</source>
        <translation>请重新接上其磁盘，或结束引擎后重新打开设备配置。</translation>
    </message>
    <message>
        <source>Nothing is recorded: there is no engine</source>
        <translation>没有录制：没有引擎</translation>
    </message>
    <message>
        <source>What would be deleted</source>
        <translation>将被删除的内容</translation>
    </message>
    <message>
        <source>No folder can be made or written to there</source>
        <translation>无法在那里新建或写入文件夹</translation>
    </message>
    <message>
        <source>✖ data folder gone</source>
        <translation>✖ 数据文件夹不见了</translation>
    </message>
    <message>
        <source>Type a marker</source>
        <translation>输入标记</translation>
    </message>
    <message>
        <source>Set a marker at once</source>
        <translation>立即设置标记</translation>
    </message>
    <message>
        <source>Type a note</source>
        <translation>输入备注</translation>
    </message>
    <message>
        <source>Say that an alarm was read</source>
        <translation>确认已阅读警报</translation>
    </message>
    <message>
        <source>Close the start gate; drop what was typed</source>
        <translation>关闭开始前的提示；放弃已输入的内容</translation>
    </message>
    <message>
        <source>Freeze the signals, or let them go on</source>
        <translation>冻结或继续显示信号</translation>
    </message>
    <message>
        <source>Scroll instead of sweep</source>
        <translation>滚动而非扫描</translation>
    </message>
    <message>
        <source>Show less or more time</source>
        <translation>显示更短或更长的时间</translation>
    </message>
    <message>
        <source>Larger, smaller, automatic scales</source>
        <translation>放大、缩小、自动比例</translation>
    </message>
    <message>
        <source>In the signals: channels page by page, or all</source>
        <translation>在信号区：逐页显示通道，或全部显示</translation>
    </message>
    <message>
        <source>Channels {} to {} of {} (Page Up, Page Down)</source>
        <translation>通道 {} 至 {}，共 {}（Page Up、Page Down）</translation>
    </message>
    <message>
        <source>Save the signals that are shown</source>
        <translation>保存所显示的信号</translation>
    </message>
    <message>
        <source>Open a rig</source>
        <translation>打开配置</translation>
    </message>
    <message>
        <source>Edit this rig</source>
        <translation>编辑此配置</translation>
    </message>
    <message>
        <source>This list</source>
        <translation>此列表</translation>
    </message>
    <message>
        <source>Kept among the events of this session, or of the next one, at its first letter</source>
        <translation>以首个字符的时刻保存在本次（或下一次）录制的事件中</translation>
    </message>
    <message>
        <source>ports with nothing known behind them: {}</source>
        <translation>{} 个端口，不知道后面接了什么</translation>
    </message>
    <message>
        <source>describe what they send in a rig file, or try the simulated rig</source>
        <translation>请在配置文件中说明其发送内容，或用模拟配置试一试</translation>
    </message>
    <message>
        <source>Opening; looked for, up to 10 s: {}</source>
        <translation>正在打开；最多等待 10 秒，正在查找：{}</translation>
    </message>
    <message>
        <source>no event is chosen: Enter begins one here, Tab takes the next</source>
        <translation>未选中事件：Enter 在此处新建，Tab 选下一个</translation>
    </message>
    <message>
        <source>deleted; Ctrl+Z takes it back</source>
        <translation>已删除；Ctrl+Z 可恢复</translation>
    </message>
    <message>
        <source>taken back; Ctrl+Z brings it again</source>
        <translation>已取消；Ctrl+Z 可恢复</translation>
    </message>
    <message>
        <source>nothing is left to undo</source>
        <translation>没有可撤销的操作</translation>
    </message>
    <message>
        <source>nothing is left to redo</source>
        <translation>没有可重做的操作</translation>
    </message>
    <message>
        <source>nothing is marked here</source>
        <translation>此处没有标记</translation>
    </message>
    <message>
        <source>looked at: frames {} to {}</source>
        <translation>已看过：第 {} 至 {} 帧</translation>
    </message>
    <message>
        <source>not codable: frames {} to {}</source>
        <translation>不可编码：第 {} 至 {} 帧</translation>
    </message>
    <message>
        <source>Enter keeps it, Esc leaves it</source>
        <translation>Enter 确认，Esc 放弃</translation>
    </message>
    <message>
        <source>more than one begins so: {}</source>
        <translation>有多个以此开头：{}</translation>
    </message>
    <message>
        <source>trials</source>
        <translation>试次</translation>
    </message>
    <message>
        <source>gaps</source>
        <translation>缺失</translation>
    </message>
    <message>
        <source>alarms</source>
        <translation>警报</translation>
    </message>
    <message>
        <source>coded</source>
        <translation>已编码</translation>
    </message>
    <message>
        <source>looked at</source>
        <translation>已看过</translation>
    </message>
    <message>
        <source>not codable</source>
        <translation>不可编码</translation>
    </message>
    <message>
        <source>no stored frame here: a boundary needs a picture</source>
        <translation>此处没有已存储的帧：边界需要画面</translation>
    </message>
    <message>
        <source>no trial here and nothing selected: [ and ], or drag with Shift over the signals</source>
        <translation>此处没有试次，也未选择时段：按 [ 和 ]，或按住 Shift 在信号上拖动</translation>
    </message>
    <message>
        <source>no further event</source>
        <translation>没有更多事件</translation>
    </message>
    <message>
        <source>an event needs two boundaries to be selected</source>
        <translation>事件须有两个边界才能选取</translation>
    </message>
    <message>
        <source>all of it was looked at</source>
        <translation>全部已看过</translation>
    </message>
    <message>
        <source>action units</source>
        <translation>动作单元</translation>
    </message>
    <message>
        <source>emotion</source>
        <translation>情绪</translation>
    </message>
    <message>
        <source>note</source>
        <translation>备注</translation>
    </message>
    <message>
        <source>why it cannot be coded</source>
        <translation>不可编码的原因</translation>
    </message>
    <message>
        <source>this boundary is not set</source>
        <translation>此边界尚未设定</translation>
    </message>
    <message>
        <source>say why</source>
        <translation>请说明原因</translation>
    </message>
    <message>
        <source>read-only here: the file is open in {}</source>
        <translation>此处只读：文件已在 {} 中打开</translation>
    </message>
    <message>
        <source>Coding</source>
        <translation>编码</translation>
    </message>
    <message>
        <source>No event is chosen. Enter begins one at the cursor's frame.</source>
        <translation>未选中事件。按 Enter 在光标所在帧新建。</translation>
    </message>
    <message>
        <source>Enter new   I onset   A apex   O offset   Q offset not coded</source>
        <translation>Enter 新建   I 起始   A 顶点   O 结束   Q 不编码结束</translation>
    </message>
    <message>
        <source>0–9 V action units</source>
        <translation>0–9 V 动作单元</translation>
    </message>
    <message>
        <source>V action units</source>
        <translation>V 动作单元</translation>
    </message>
    <message>
        <source>E emotion   M micro, macro   C confidence   T note</source>
        <translation>E 情绪   M 微/宏   C 把握   T 备注</translation>
    </message>
    <message>
        <source>Tab next   , . boundary   Del delete   Ctrl+Z undo   Ctrl+Y redo</source>
        <translation>Tab 下一个   , . 边界   Del 删除   Ctrl+Z 撤销   Ctrl+Y 重做</translation>
    </message>
    <message>
        <source>S looked at   X not codable   U next uncoded   R select the event</source>
        <translation>S 已看过   X 不可编码   U 下一个未编码   R 选取事件</translation>
    </message>
    <message>
        <source>read-only: nothing that is done here is kept</source>
        <translation>只读：此处的操作不会保存</translation>
    </message>
    <message>
        <source>coder {}   scheme {}</source>
        <translation>编码者 {}   方案 {}</translation>
    </message>
    <message>
        <source>not coded</source>
        <translation>未编码</translation>
    </message>
    <message>
        <source>no stored frame here</source>
        <translation>此处没有已存储的帧</translation>
    </message>
    <message>
        <source>onset</source>
        <translation>起始</translation>
    </message>
    <message>
        <source>apex</source>
        <translation>顶点</translation>
    </message>
    <message>
        <source>offset</source>
        <translation>结束</translation>
    </message>
    <message>
        <source>micro</source>
        <translation>微表情</translation>
    </message>
    <message>
        <source>macro</source>
        <translation>宏表情</translation>
    </message>
    <message>
        <source>{} ms, {} frames</source>
        <translation>{} ms，{} 帧</translation>
    </message>
    <message>
        <source>duration</source>
        <translation>时长</translation>
    </message>
    <message>
        <source>type</source>
        <translation>类型</translation>
    </message>
    <message>
        <source>confidence</source>
        <translation>把握</translation>
    </message>
    <message>
        <source>looked at: {} % of {} frames</source>
        <translation>已看过：{} %（共 {} 帧）</translation>
    </message>
    <message>
        <source>not looked at</source>
        <translation>未看过</translation>
    </message>
    <message>
        <source>trial {}</source>
        <translation>试次 {}</translation>
    </message>
    <message>
        <source>not codable: {}</source>
        <translation>不可编码：{}</translation>
    </message>
    <message>
        <source>a third: edit it, then U</source>
        <translation>另立：请编辑，然后按 U</translation>
    </message>
    <message>
        <source>boundary</source>
        <translation>边界</translation>
    </message>
    <message>
        <source>Disagreements</source>
        <translation>分歧</translation>
    </message>
    <message>
        <source>1 2 keep one   3 a third, to be edited   0 neither   U undecided</source>
        <translation>1 2 保留其一   3 另立并编辑   0 都不保留   U 未决</translation>
    </message>
    <message>
        <source>no further disagreement</source>
        <translation>没有更多分歧</translation>
    </message>
    <message>
        <source>{} decisions taken back: a coder has deleted or changed what they were about</source>
        <translation>已撤回 {} 个裁决：编码者删除或更改了其所依据的事件</translation>
    </message>
    <message>
        <source>{} events of one coder are kept: the other has marked nothing as looked at there</source>
        <translation>已保留一名编码者的 {} 个事件：另一名编码者未将该处标记为已看过</translation>
    </message>
    <message>
        <source>all of it was looked at here; not yet of other cameras: {}</source>
        <translation>此处已全部看过；其他相机尚未看完：{}</translation>
    </message>
    <message>
        <source>that was on the camera {}</source>
        <translation>那是在相机 {} 上</translation>
    </message>
    <message>
        <source>all is decided here; undecided of other cameras: {}</source>
        <translation>此处已全部裁决；其他相机未裁决：{}</translation>
    </message>
    <message>
        <source>all is decided</source>
        <translation>全部已决定</translation>
    </message>
    <message>
        <source>there is no such event to keep</source>
        <translation>没有可保留的此事件</translation>
    </message>
    <message>
        <source>{} of {} undecided</source>
        <translation>未决 {}，共 {}</translation>
    </message>
    <message>
        <source>nothing</source>
        <translation>无</translation>
    </message>
    <message>
        <source>kept: {}, by {}</source>
        <translation>保留：{}，由 {} 决定</translation>
    </message>
    <message>
        <source>The protocol could not be ended</source>
        <translation>实验流程无法结束</translation>
    </message>
    <message>
        <source>It cannot be recorded</source>
        <translation>无法录制</translation>
    </message>
    <message>
        <source>A session was checked</source>
        <translation>会话已检查</translation>
    </message>
    <message>
        <source>A clip is broken</source>
        <translation>片段已损坏</translation>
    </message>
    <message>
        <source>A clip came too late</source>
        <translation>片段来得太晚</translation>
    </message>
    <message>
        <source>A clock has jumped</source>
        <translation>时钟发生跳变</translation>
    </message>
    <message>
        <source>The codec was changed</source>
        <translation>编码器已更换</translation>
    </message>
    <message>
        <source>The codec is slow here</source>
        <translation>此处编码较慢</translation>
    </message>
    <message>
        <source>A device is away</source>
        <translation>设备不在</translation>
    </message>
    <message>
        <source>A device is back</source>
        <translation>设备已恢复</translation>
    </message>
    <message>
        <source>A device's driver broke</source>
        <translation>设备驱动出错</translation>
    </message>
    <message>
        <source>A part of a driver ended by an error</source>
        <translation>驱动程序的一部分因错误而终止</translation>
    </message>
    <message>
        <source>A device's program died</source>
        <translation>设备程序已崩溃</translation>
    </message>
    <message>
        <source>A device failed</source>
        <translation>设备失败</translation>
    </message>
    <message>
        <source>A device is not tried any more</source>
        <translation>不再尝试该设备</translation>
    </message>
    <message>
        <source>A device does not answer</source>
        <translation>设备没有响应</translation>
    </message>
    <message>
        <source>A device answers again</source>
        <translation>设备重新响应</translation>
    </message>
    <message>
        <source>A device is lost</source>
        <translation>设备丢失</translation>
    </message>
    <message>
        <source>A device is missing</source>
        <translation>缺少设备</translation>
    </message>
    <message>
        <source>A device was started</source>
        <translation>设备已启动</translation>
    </message>
    <message>
        <source>A device was stopped</source>
        <translation>设备已停止</translation>
    </message>
    <message>
        <source>The disk is full</source>
        <translation>磁盘已满</translation>
    </message>
    <message>
        <source>The disk will soon be full</source>
        <translation>磁盘即将写满</translation>
    </message>
    <message>
        <source>The disk has room again</source>
        <translation>磁盘又有空间</translation>
    </message>
    <message>
        <source>A node's disk is full: the recording goes on without it</source>
        <translation>节点磁盘已满：录制继续，但不含该节点的存储</translation>
    </message>
    <message>
        <source>The recording ended: the disk was nearly full</source>
        <translation>录制已结束：磁盘几乎已满</translation>
    </message>
    <message>
        <source>Two streams have one source</source>
        <translation>两个数据流来自同一来源</translation>
    </message>
    <message>
        <source>An encoder was started again</source>
        <translation>编码器已重新启动</translation>
    </message>
    <message>
        <source>What was called lost has come</source>
        <translation>曾判为丢失的数据已到达</translation>
    </message>
    <message>
        <source>A marker came after its recording</source>
        <translation>标记晚于所属录制</translation>
    </message>
    <message>
        <source>A recording that never began</source>
        <translation>从未开始的录制</translation>
    </message>
    <message>
        <source>A clock is not known</source>
        <translation>时钟未知</translation>
    </message>
    <message>
        <source>No stream is there</source>
        <translation>没有数据流</translation>
    </message>
    <message>
        <source>A session was not checked</source>
        <translation>会话未检查</translation>
    </message>
    <message>
        <source>A file was not closed</source>
        <translation>文件未关闭</translation>
    </message>
    <message>
        <source>A file was not hashed</source>
        <translation>文件未计算哈希</translation>
    </message>
    <message>
        <source>What a crash left could not be finished</source>
        <translation>崩溃遗留的内容无法完成</translation>
    </message>
    <message>
        <source>A setting was not taken</source>
        <translation>设置未被接受</translation>
    </message>
    <message>
        <source>The player is back</source>
        <translation>播放器已恢复</translation>
    </message>
    <message>
        <source>The player died</source>
        <translation>播放器已崩溃</translation>
    </message>
    <message>
        <source>The protocol was ended</source>
        <translation>实验流程已结束</translation>
    </message>
    <message>
        <source>The protocol is loaded</source>
        <translation>实验流程已载入</translation>
    </message>
    <message>
        <source>The protocol pauses</source>
        <translation>实验流程已暂停</translation>
    </message>
    <message>
        <source>The trial is repeated</source>
        <translation>重复本试次</translation>
    </message>
    <message>
        <source>The protocol goes on</source>
        <translation>实验流程继续</translation>
    </message>
    <message>
        <source>The trial was skipped</source>
        <translation>已跳过本试次</translation>
    </message>
    <message>
        <source>The protocol begins</source>
        <translation>实验流程开始</translation>
    </message>
    <message>
        <source>From here</source>
        <translation>从此处加载</translation>
    </message>
    <message>
        <source>Load it to begin with this trial: those before were played already</source>
        <translation>加载并从该试次开始：之前的试次已经播放过</translation>
    </message>
    <message>
        <source>begins with trial {} of {}</source>
        <translation>从第 {} 个试次开始，共 {} 个</translation>
    </message>
    <message>
        <source>The protocol goes on without a recording</source>
        <translation>实验流程仍在进行，但没有录制</translation>
    </message>
    <message>
        <source>The recorder is stuck</source>
        <translation>录制器卡住</translation>
    </message>
    <message>
        <source>The recorder goes on</source>
        <translation>录制器继续工作</translation>
    </message>
    <message>
        <source>The rate is not what was announced</source>
        <translation>采样率与声明不符</translation>
    </message>
    <message>
        <source>The recording failed</source>
        <translation>录制失败</translation>
    </message>
    <message>
        <source>Recording goes on in another session</source>
        <translation>录制在另一会话中继续</translation>
    </message>
    <message>
        <source>Recording begins</source>
        <translation>录制开始</translation>
    </message>
    <message>
        <source>Recording ended</source>
        <translation>录制结束</translation>
    </message>
    <message>
        <source>The replay is over</source>
        <translation>回放结束</translation>
    </message>
    <message>
        <source>Frames pile up</source>
        <translation>视频帧积压</translation>
    </message>
    <message>
        <source>This run is there already</source>
        <translation>该轮次已存在</translation>
    </message>
    <message>
        <source>Samples were dropped</source>
        <translation>样本被丢弃</translation>
    </message>
    <message>
        <source>Samples came too late</source>
        <translation>样本来得太晚</translation>
    </message>
    <message>
        <source>The participant's screen is gone</source>
        <translation>被试屏幕已断开</translation>
    </message>
    <message>
        <source>Settings were changed</source>
        <translation>设置已更改</translation>
    </message>
    <message>
        <source>A stream is silent</source>
        <translation>数据流没有数据</translation>
    </message>
    <message>
        <source>A stream sends again</source>
        <translation>数据流重新发送</translation>
    </message>
    <message>
        <source>Time stamps go back</source>
        <translation>时间戳倒退</translation>
    </message>
    <message>
        <source>Time stamps are far from this computer's clock</source>
        <translation>时间戳与本机时钟相差很大</translation>
    </message>
    <message>
        <source>Time stamps are no numbers</source>
        <translation>时间戳不是数字</translation>
    </message>
    <message>
        <source>Frames have the times of their arrival</source>
        <translation>帧的时间为到达时间</translation>
    </message>
    <message>
        <source>Frames carry no numbers</source>
        <translation>帧没有编号</translation>
    </message>
    <message>
        <source>Another program sends to a device's port</source>
        <translation>另一个程序也在向设备的端口发送数据</translation>
    </message>
    <message>
        <source>A device's count of samples jumped</source>
        <translation>设备的样本计数发生跳变</translation>
    </message>
    <message>
        <source>An event is cut off</source>
        <translation>一个事件不完整</translation>
    </message>
    <message>
        <source>Impedances fit no channels</source>
        <translation>阻抗与通道不相符</translation>
    </message>
    <message>
        <source>A marker is too long</source>
        <translation>一个标记过长</translation>
    </message>
    <message>
        <source>A marker lies far from the signals</source>
        <translation>一个标记远离信号</translation>
    </message>
    <message>
        <source>A channel has no resolution</source>
        <translation>一个通道没有分辨率</translation>
    </message>
    <message>
        <source>A line of a device cannot be read</source>
        <translation>设备发来的一行无法读取</translation>
    </message>
    <message>
        <source>A packet has values that are no numbers</source>
        <translation>一个数据包含有非数字的值</translation>
    </message>
    <message>
        <source>Stand-ins are shown in place of stimuli</source>
        <translation>以替代图案代替刺激</translation>
    </message>
    <message>
        <source>A stream is back</source>
        <translation>数据流已恢复</translation>
    </message>
    <message>
        <source>Streams were not selected</source>
        <translation>有数据流未被选中</translation>
    </message>
    <message>
        <source>A stream came while recording</source>
        <translation>录制期间出现了新的数据流</translation>
    </message>
    <message>
        <source>A stream changed</source>
        <translation>数据流已改变</translation>
    </message>
    <message>
        <source>A stream is lost</source>
        <translation>数据流丢失</translation>
    </message>
    <message>
        <source>A stream cannot be recorded</source>
        <translation>数据流无法录制</translation>
    </message>
    <message>
        <source>Streams are still being connected</source>
        <translation>数据流仍在连接中</translation>
    </message>
    <message>
        <source>Too many streams</source>
        <translation>数据流过多</translation>
    </message>
    <message>
        <source>A video cannot be written</source>
        <translation>视频无法写入</translation>
    </message>
    <message>
        <source>A video file is gone</source>
        <translation>视频文件已丢失</translation>
    </message>
    <message>
        <source>A file cannot be written</source>
        <translation>文件无法写入</translation>
    </message>
    <message>
        <source>Handbook</source>
        <translation>手册</translation>
    </message>
    <message>
        <source>◂ Back</source>
        <translation>◂ 返回</translation>
    </message>
    <message>
        <source>First page</source>
        <translation>首页</translation>
    </message>
    <message>
        <source>Preferences</source>
        <translation>偏好设置</translation>
    </message>
    <message>
        <source>Choose…</source>
        <translation>选择…</translation>
    </message>
    <message>
        <source>Data folder of new rigs</source>
        <translation>新配置的数据文件夹</translation>
    </message>
    <message>
        <source>A rig file that is there already names its own</source>
        <translation>已有的配置文件自带数据文件夹</translation>
    </message>
    <message>
        <source>The language changes when the window is opened the next time</source>
        <translation>下次打开窗口时语言才会改变</translation>
    </message>
    <message>
        <source>Language</source>
        <translation>语言</translation>
    </message>
    <message>
        <source>Give a whole path, from / or ~ on</source>
        <translation>请给出以 / 或 ~ 开头的完整路径</translation>
    </message>
    <message>
        <source>The handbook did not come with this installation</source>
        <translation>此安装不含手册</translation>
    </message>
    <message>
        <source>Preferences…</source>
        <translation>偏好设置…</translation>
    </message>
    <message>
        <source>Suggestions</source>
        <translation>提示</translation>
    </message>
    <message>
        <source>Suggestions, never labels: on micro-expressions the best methods known reach an F1 of about 0.25. H next by rank   Y use this one</source>
        <translation>仅为提示，绝非标注：对微表情，已知最好的方法 F1 约为 0.25。 H 按名次下一个   Y 采用此提示</translation>
    </message>
    <message>
        <source>no suggestion here; {} in all</source>
        <translation>此处没有提示；共 {} 个</translation>
    </message>
    <message>
        <source>suggestion {} of {}: {}, {} px (by {})</source>
        <translation>提示 {} / {}：{}，{} px（{}）</translation>
    </message>
    <message>
        <source>{}: is of another state of the session; run unisono motion again</source>
        <translation>{}：属于该会话的另一状态；请再次运行 unisono motion</translation>
    </message>
    <message>
        <source>suggested</source>
        <translation>提示</translation>
    </message>
    <message>
        <source>no further suggestion: H begins with the first again</source>
        <translation>没有更多提示：H 从第一个重新开始</translation>
    </message>
    <message>
        <source>no suggestion here</source>
        <translation>此处没有提示</translation>
    </message>
    <message>
        <source>no suggestions: unisono motion measures them, and coding.toml may switch them off</source>
        <translation>没有提示：由 unisono motion 测量，coding.toml 可将其关闭</translation>
    </message>
    <message>
        <source>It will be recorded, but not on the common clock.</source>
        <translation>它会被录制，但不在共同时钟上。</translation>
    </message>
    <message>
        <source>▲ Only here so far: see “Copy to…” in the sessions</source>
        <translation>▲ 目前只有这一份：请在会话列表中用“复制到…”</translation>
    </message>
    <message>
        <source>An amplifier sends nothing</source>
        <translation>放大器没有发送数据</translation>
    </message>
    <message>
        <source>An amplifier's recording was stopped</source>
        <translation>放大器已停止采集</translation>
    </message>
    <message>
        <source>Pictures lose bits</source>
        <translation>图像位数被截断</translation>
    </message>
    <message>
        <source>What a device listens to is there</source>
        <translation>设备所监听的数据流已出现</translation>
    </message>
    <message>
        <source>What a device listens to is missing</source>
        <translation>设备所监听的数据流不存在</translation>
    </message>
    <message>
        <source>A trigger code was not sent</source>
        <translation>触发码未发出</translation>
    </message>
    <message>
        <source>Files came from a node</source>
        <translation>已从节点取回文件</translation>
    </message>
    <message>
        <source>A device was given an order</source>
        <translation>已向设备发出指令</translation>
    </message>
    <message>
        <source>A node's own copy cannot be written</source>
        <translation>节点的自存副本无法写入</translation>
    </message>
    <message>
        <source>A node's own copy has a gap</source>
        <translation>节点的自存副本不完整</translation>
    </message>
    <message>
        <source>The data folder is synchronized with a cloud</source>
        <translation>数据文件夹正在与云端同步</translation>
    </message>
    <message>
        <source>Files were hashed</source>
        <translation>文件已计算哈希</translation>
    </message>
    <message>
        <source>Files are still to be hashed</source>
        <translation>文件尚待计算哈希</translation>
    </message>
    <message>
        <source>A fault in the program</source>
        <translation>程序内部故障</translation>
    </message>
    <message>
        <source>Light is told from dark again</source>
        <translation>光电信号恢复清晰</translation>
    </message>
    <message>
        <source>Light is hardly told from dark</source>
        <translation>光电信号难以分辨明暗</translation>
    </message>
    <message>
        <source>A file was lost on a node</source>
        <translation>节点上的文件已丢失</translation>
    </message>
    <message>
        <source>A node's recording was taken over</source>
        <translation>已接管节点上的录制</translation>
    </message>
    <message>
        <source>A node is back</source>
        <translation>节点已恢复</translation>
    </message>
    <message>
        <source>Trouble with a node's disk</source>
        <translation>节点磁盘有问题</translation>
    </message>
    <message>
        <source>Events of a node were lost</source>
        <translation>节点的事件有丢失</translation>
    </message>
    <message>
        <source>A node was not told of the end</source>
        <translation>节点尚未得知录制已结束</translation>
    </message>
    <message>
        <source>Files of a node were not collected</source>
        <translation>节点文件尚未取回</translation>
    </message>
    <message>
        <source>A device of a node was not started again</source>
        <translation>节点上的设备未能重新启动</translation>
    </message>
    <message>
        <source>An order was not sent</source>
        <translation>指令未发出</translation>
    </message>
    <message>
        <source>A packet cannot be read</source>
        <translation>收到无法读取的数据包</translation>
    </message>
    <message>
        <source>A notification cannot be read</source>
        <translation>收到无法读取的通知</translation>
    </message>
    <message>
        <source>A remote control was refused</source>
        <translation>远程控制被拒绝</translation>
    </message>
    <message>
        <source>What a crash left was finished</source>
        <translation>崩溃遗留的录制已完成</translation>
    </message>
    <message>
        <source>Files were deleted on a node</source>
        <translation>节点上的文件已删除</translation>
    </message>
    <message>
        <source>The picture has its size again</source>
        <translation>图像尺寸已恢复</translation>
    </message>
    <message>
        <source>The size of the picture changed</source>
        <translation>图像尺寸发生变化</translation>
    </message>
    <message>
        <source>Sound cannot be written</source>
        <translation>声音无法写入</translation>
    </message>
    <message>
        <source>Times of sound are counted</source>
        <translation>声音时间由样本计数得出</translation>
    </message>
    <message>
        <source>A code is not known</source>
        <translation>未知的代码</translation>
    </message>
    <message>
        <source>A stream cannot be reached</source>
        <translation>无法连接数据流</translation>
    </message>
    <message>
        <source>A session was marked as not usable</source>
        <translation>会话已标记为不可用</translation>
    </message>
    <message>
        <source>A stream of the rig is not connected yet</source>
        <translation>此配置的数据流尚未连接</translation>
    </message>
    <message>
        <source>An expected stream is not there</source>
        <translation>预期的数据流不存在</translation>
    </message>
    <message>
        <source>▲ {}, changed since: check again</source>
        <translation>▲ {}，之后有变动：请重新检查</translation>
    </message>
    <message>
        <source>Label or kind, such as EEG</source>
        <translation>名称或类型，例如 EEG</translation>
    </message>
    <message>
        <source>Channels that are listed</source>
        <translation>列出的通道</translation>
    </message>
    <message>
        <source>Drag, or Alt+Up and Alt+Down: another order. A stream's box: all that are listed</source>
        <translation>拖动或按 Alt+Up、Alt+Down 改变顺序；数据流前的方框：选择所有列出的通道</translation>
    </message>
    <message>
        <source>▲ Up</source>
        <translation>▲ 上移</translation>
    </message>
    <message>
        <source>▼ Down</source>
        <translation>▼ 下移</translation>
    </message>
    <message>
        <source>What is selected one up (Alt+Up)</source>
        <translation>将所选通道上移一位 (Alt+Up)</translation>
    </message>
    <message>
        <source>What is selected one down (Alt+Down)</source>
        <translation>将所选通道下移一位 (Alt+Down)</translation>
    </message>
    <message>
        <source>Device's order</source>
        <translation>设备顺序</translation>
    </message>
    <message>
        <source>All as the devices have them, EEG first</source>
        <translation>全部恢复为设备的顺序，EEG 在最前</translation>
    </message>
    <message>
        <source>Channels…</source>
        <translation>通道…</translation>
    </message>
    <message>
        <source>Which channels are shown, in which order (Ctrl+K)</source>
        <translation>显示哪些通道及其顺序 (Ctrl+K)</translation>
    </message>
    <message>
        <source>Choose and order channels; there Alt+Up, Alt+Down move them</source>
        <translation>选择和排列通道；在列表中用 Alt+Up、Alt+Down 移动</translation>
    </message>
    <message>
        <source>Double click, or Enter: in a window of its own</source>
        <translation>双击或按 Enter：在单独的窗口中显示</translation>
    </message>
    <message>
        <source>Wheel and drag, or +, −, Left, Right: a part of it. Double click or Home: all</source>
        <translation>滚轮和拖动，或 +、−、Left、Right：查看局部。双击或 Home：全部</translation>
    </message>
    <message>
        <source>Right click, or the menu key: save</source>
        <translation>右键单击或菜单键：保存</translation>
    </message>
    <message>
        <source>impedances</source>
        <translation>阻抗</translation>
    </message>
    <message>
        <source>Saved, and it runs</source>
        <translation>已保存并运行</translation>
    </message>
    <message>
        <source>It runs; not saved</source>
        <translation>已运行；未保存</translation>
    </message>
    <message>
        <source>The rig file that is edited is not saved; close again to leave it so</source>
        <translation>正在编辑的配置文件尚未保存；再次关闭将放弃更改</translation>
    </message>
    <message>
        <source>The rig file that is edited comes first: save it, or undo the changes</source>
        <translation>请先处理正在编辑的配置文件：保存它，或撤销更改</translation>
    </message>
    <message>
        <source>Nothing was begun: {} is being recorded</source>
        <translation>未开始新的录制：{} 正在录制</translation>
    </message>
    <message>
        <source>The protocol that plays ends with this window; close again to end it</source>
        <translation>正在进行的实验流程会随此窗口一起结束；再次关闭即结束</translation>
    </message>
    <message>
        <source>{} does not run: an engine that records into {} runs {}. End it (menu: End the engine and close) and open the file again, or give it a data_dir of its own</source>
        <translation>{} 没有运行：向 {} 录制的引擎正在运行 {}。请结束它（菜单：结束引擎并关闭）再重新打开此文件，或为此文件另设 data_dir</translation>
    </message>
    <message>
        <source>another text of it</source>
        <translation>它的另一份内容</translation>
    </message>
    <message>
        <source>the engine does not answer: {}</source>
        <translation>引擎没有应答：{}</translation>
    </message>
    <message>
        <source>see whether it still runs</source>
        <translation>请查看它是否仍在运行</translation>
    </message>
    <message>
        <source>{}: cannot be run: {}</source>
        <translation>{}：无法运行：{}</translation>
    </message>
    <message>
        <source>it said nothing</source>
        <translation>它没有给出任何说明</translation>
    </message>
    <message>
        <source>{}: is missing; copy it back from where it was recorded</source>
        <translation>{}：缺失；请从录制它的地方复制回来</translation>
    </message>
    <message>
        <source>{}: cannot be written ({}); choose another place</source>
        <translation>{}：无法写入（{}）；请另选位置</translation>
    </message>
    <message>
        <source>the signals cannot all be shown from afar: {}</source>
        <translation>无法显示全部信号的概览：{}</translation>
    </message>
    <message>
        <source>heart rate: R peaks by the squared slope of 5–20 Hz, median interval of 10 s</source>
        <translation>心率：由 5–20 Hz 斜率平方求 R 峰，取 10 s 内间期的中位数</translation>
    </message>
    <message>
        <source>heart rate: pulse waves in 0.5–4 Hz, median interval of 10 s</source>
        <translation>心率：0.5–4 Hz 的脉搏波，取 10 s 内间期的中位数</translation>
    </message>
    <message>
        <source>respiration rate: breaths in 0.1–0.7 Hz, median interval of 40 s</source>
        <translation>呼吸频率：0.1–0.7 Hz 的呼吸，取 40 s 内间期的中位数</translation>
    </message>
    <message>
        <source>skin conductance level: mean of 1 s</source>
        <translation>皮肤电导水平：1 s 的平均值</translation>
    </message>
    <message>
        <source>skin temperature: mean of 1 s</source>
        <translation>皮肤温度：1 s 的平均值</translation>
    </message>
    <message>
        <source>first-session.md</source>
        <translation>first-session.zh.md</translation>
    </message>
    <message>
        <source>Nothing has been recorded yet</source>
        <translation>尚未录制任何会话</translation>
    </message>
    <message>
        <source>No session has all these words</source>
        <translation>没有同时包含这些词的会话</translation>
    </message>
    <message>
        <source>kept for the next recording</source>
        <translation>留给下一次录制</translation>
    </message>
    <message>
        <source>{}; name the file that it is in by --token-file</source>
        <translation>{}；请用 --token-file 指明令牌所在的文件</translation>
    </message>
    <message>
        <source>The protocol is played, but not as it should be</source>
        <translation>实验流程会播放，但不完全如设计</translation>
    </message>
    <message>
        <source>Values are none that their format can hold</source>
        <translation>有数值超出其格式的范围</translation>
    </message>
    <message>
        <source>The last samples of a device have not come</source>
        <translation>设备的最后一些样本没有到达</translation>
    </message>
    <message>
        <source>The last picture of a camera is lost</source>
        <translation>相机的最后一帧丢失</translation>
    </message>
    <message>
        <source>A film is not turned as it should be</source>
        <translation>影片没有按应有的方向旋转</translation>
    </message>
    <message>
        <source>About the replay</source>
        <translation>关于回放</translation>
    </message>
    <message>
        <source>It is not known whether an amplifier was changed</source>
        <translation>不知道放大器是否被更改</translation>
    </message>
    <message>
        <source>Another computer was not let in</source>
        <translation>拒绝了另一台计算机的连接</translation>
    </message>
    <message>
        <source>this camera is not coded in this study</source>
        <translation>本研究不编码此相机</translation>
    </message>
    <message>
        <source>coding.toml has the camera {} coded, of which this session has no frames</source>
        <translation>coding.toml 要求编码相机 {}，但本次会话没有它的帧</translation>
    </message>
    <message>
        <source>coding.toml names no coder {}</source>
        <translation>coding.toml 中没有编码者 {}</translation>
    </message>
    <message>
        <source>a third</source>
        <translation>另立</translation>
    </message>
    <message>
        <source>neither</source>
        <translation>都不保留</translation>
    </message>
    <message>
        <source>what both said</source>
        <translation>双方一致的</translation>
    </message>
    <message>
        <source>what one alone said</source>
        <translation>仅一方的</translation>
    </message>
    <message>
        <source>A device refuses</source>
        <translation>设备拒绝了</translation>
    </message>
    <message>
        <source>A value is not allowed</source>
        <translation>有一个值不被允许</translation>
    </message>
    <message>
        <source>Not possible now</source>
        <translation>现在不能这样做</translation>
    </message>
    <message>
        <source>This computer refuses</source>
        <translation>本机拒绝了</translation>
    </message>
    <message>
        <source>There is no such thing</source>
        <translation>没有这样的对象</translation>
    </message>
    <message>
        <source>{} is no action unit; one is written like 4, L12 or R14B</source>
        <translation>{} 不是动作单元；应写作 4、L12 或 R14B</translation>
    </message>
    <message>
        <source>action unit {} is named twice</source>
        <translation>动作单元 {} 写了两次</translation>
    </message>
    <message>
        <source>{} has no frame {}; its last is {}</source>
        <translation>{} 没有第 {} 帧；最后一帧是 {}</translation>
    </message>
    <message>
        <source>{}: frame {} is {} ms from its coded time</source>
        <translation>{}：第 {} 帧与编码时的时刻相差 {} ms</translation>
    </message>
    <message>
        <source>{}: frame {} was the camera's {}, is its {}</source>
        <translation>{}：第 {} 帧编码时是相机的 {}，现在是 {}</translation>
    </message>
    <message>
        <source>{} is before {}</source>
        <translation>{}早于{}</translation>
    </message>
    <message>
        <source>action units {} exclude each other</source>
        <translation>动作单元 {} 互相排斥</translation>
    </message>
    <message>
        <source>onset is missing</source>
        <translation>缺少起始帧</translation>
    </message>
    <message>
        <source>apex is missing</source>
        <translation>缺少顶点帧</translation>
    </message>
    <message>
        <source>offset is missing</source>
        <translation>缺少结束帧</translation>
    </message>
    <message>
        <source>micro or macro is missing</source>
        <translation>未注明微表情或宏表情</translation>
    </message>
    <message>
        <source>action units are missing</source>
        <translation>缺少动作单元</translation>
    </message>
    <message>
        <source>emotion is missing</source>
        <translation>缺少情绪</translation>
    </message>
    <message>
        <source>confidence is missing</source>
        <translation>缺少把握</translation>
    </message>
    <message>
        <source>side is missing</source>
        <translation>缺少左右侧</translation>
    </message>
    <message>
        <source>intensity is missing</source>
        <translation>缺少强度</translation>
    </message>
    <message>
        <source>emotion {} is not in {}</source>
        <translation>情绪 {} 不在方案 {} 中</translation>
    </message>
    <message>
        <source>action unit {} is not in {}</source>
        <translation>动作单元 {} 不在方案 {} 中</translation>
    </message>
    <message>
        <source>micro of {} ms, over {}</source>
        <translation>微表情长 {} ms，超过 {}</translation>
    </message>
    <message>
        <source>onset to apex {} ms, over {}</source>
        <translation>起始到顶点 {} ms，超过 {}</translation>
    </message>
    <message>
        <source>taken over from {}, which has ended</source>
        <translation>接替已结束的 {}</translation>
    </message>
    <message>
        <source>the last edit was cut off in writing; what came before is here</source>
        <translation>最后一次编辑在写入时中断；之前的都在</translation>
    </message>
    <message>
        <source>{} was changed by another: it is now {}</source>
        <translation>{} 被其他程序改动过：它现在名为 {}</translation>
    </message>
    <message>
        <source>{} is open in {}: read-only here</source>
        <translation>{} 已在 {} 中打开：此处只读</translation>
    </message>
    <message>
        <source>put it back, or close this window, which writes what was coded before anew</source>
        <translation>请放回该文件；或关闭此窗口，之前的编码会重新写入</translation>
    </message>
    <message>
        <source>make room on the disk and repeat it</source>
        <translation>请腾出磁盘空间后重做</translation>
    </message>
    <message>
        <source>{}: this edit could not be written ({}) and was not made; {}</source>
        <translation>{}：此编辑无法写入（{}），因此没有生效；{}</translation>
    </message>
    <message>
        <source>no index stream: its times are those of the nominal rate, and no stamps</source>
        <translation>没有索引流：其时刻按标称帧率推算，不是时间戳</translation>
    </message>
    <message>
        <source>{}: {} places cannot be read; what is whole is shown; unisono repair makes a readable copy</source>
        <translation>{}：{} 处无法读取；完整的部分已显示；unisono repair 可制作可读的副本</translation>
    </message>
    <message>
        <source>the recording failed; what there is is shown</source>
        <translation>录制失败；已显示现有的内容</translation>
    </message>
    <message>
        <source>process {} on {}</source>
        <translation>进程 {}（{}）</translation>
    </message>
    <message>
        <source>{}, since {}</source>
        <translation>{}，自 {} 起</translation>
    </message>
    <message>
        <source>{}; if nobody codes there, delete {}</source>
        <translation>{}；如果那里无人在编码，请删除 {}</translation>
    </message>
</context>
</TS>
